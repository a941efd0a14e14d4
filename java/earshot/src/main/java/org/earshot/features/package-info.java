/**
 * From PCM to log-mel: the challenge baseline's features (tools/reference/spec/features.md), agreeing with librosa.
 * Knows nothing of files or networks.
 */
package org.earshot.features;
