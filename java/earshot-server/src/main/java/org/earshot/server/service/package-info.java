/**
 * What every protocol asks for: the models that are served and how they are replaced, calls with their deadlines, live
 * streams, features as a picture, the memory of uploads, and what a failure means to a client. Knows no protocol.
 */
package org.earshot.server.service;
