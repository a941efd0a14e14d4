# The steps of `tools/gpu run`, in a file of their own. Sourced, not run; $root, $kit, say and die are there.
# step_NAME does the work, within its time limit, and what it prints is its log; report_NAME prints Markdown about it
# afterwards, also about what a step that failed got done.
steps=(machine compile native-tests parity trace beside bench plain sanitizer cpu-gpu kernels java-tests
  concurrency profile peers presets peers-kernels peers-compiled)
work=$root/target/gpu/run
golden=java/earshot/src/test/resources/golden

# Seconds a step may take; most should need a small part of it.
limit_of() {
  case $1 in
    compile) if [ "$built" = "$work/built" ]; then echo 300; else echo 60; fi ;;
    bench | sanitizer) echo 150 ;;
    trace | beside) echo 90 ;;
    plain) if [ -x "$built/bin/earshot_cuda_test_plain" ]; then echo 60; else echo 300; fi ;;
    kernels) echo 90 ;;
    peers) echo 120 ;;
    profile | presets | peers-compiled) echo 180 ;;
    *) echo 60 ;;
  esac
}

# Says in one line what is missing, and ends with 2; otherwise sets device, architecture and nvcc.
find_device() {
  local answer capability
  command -v nvidia-smi >/dev/null ||
    die "no NVIDIA driver here (nvidia-smi is not on the PATH); needed: a GPU, a driver for CUDA 13, nvcc 13 and g++"
  # The first of these for CUDA is then the first for nvidia-smi.
  export CUDA_DEVICE_ORDER=PCI_BUS_ID
  answer=$(nvidia-smi ${CUDA_VISIBLE_DEVICES:+-i "${CUDA_VISIBLE_DEVICES%%,*}"} --format=csv,noheader \
    --query-gpu=name,compute_cap,memory.total,driver_version 2>&1 | head -n 1) || true
  capability=$(cut -s -d, -f2 <<<"$answer" | tr -d ' .')
  [[ $capability =~ ^[0-9]+$ ]] || die "no GPU that the driver sees; nvidia-smi says: $answer"
  device=$answer
  architecture=$capability
  # 9.0a has all of 9.0 and instructions of its own, and runs on no other.
  for built in "$kit/built-$capability"{a,} "$work/built"; do
    [ ! -d "$built" ] || break
  done
  nvcc=$(nvcc_command) || [ "$built" != "$work/built" ] ||
    die "no nvcc on the PATH, in CUDA_HOME or in /usr/local/cuda; needed: nvcc 13, to compile for this GPU"
  [ "$built" != "$work/built" ] || command -v g++ >/dev/null || die "no g++ on the PATH; nvcc needs one"
  export nvcc device architecture built
}

nvcc_command() { PATH=$PATH:${CUDA_HOME:-/usr/local/cuda}/bin command -v nvcc; }

begin_results() {
  mkdir -p "$1" "$work/logs" "$work/sections"
  results=$(cd "$1" && pwd)
  rm -f "$work"/logs/* "$work"/sections/*
  started=$(date -u '+%Y-%m-%d %H:%M UTC')
  failed=0
  outcomes=()
  export results
}

# Runs one step in a shell of its own, which timeout can end with all that it started.
run_step() {
  local name=$1 status=0 begin outcome
  say "$name (at most $(limit_of "$name") s)"
  begin=$(date +%s)
  timeout --kill-after=10 "$(limit_of "$name")" bash -c '. "$1"; "step_${2//-/_}"' step "$root/tools/gpu" "$name" \
    >"$work/logs/$name.log" 2>&1 </dev/null || status=$?
  case $status in
    0) outcome=passed ;;
    124 | 137) outcome="**stopped after $(limit_of "$name") s**" ;;
    *) outcome="**failed** (exit $status)" ;;
  esac
  [ "$status" = 0 ] || failed=1
  outcomes+=("| $name | $outcome | $(($(date +%s) - begin)) |")
  say "$name: ${outcome//\*/}"
  {
    printf '\n## %s: %s\n\n' "$name" "${outcome//\*/}"
    "report_${name//-/_}" "$work/logs/$name.log" || echo "(nothing more to report)"
    [ "$status" = 0 ] || { echo; echo "The end of its log:"; echo; tail -n 25 "$work/logs/$name.log" | as_block; }
  } >"$work/sections/$name" 2>/dev/null
  write_results
}

write_results() {
  local name
  {
    echo "# Earshot on ${device%%,*}, $started"
    echo
    echo "Written by \`tools/gpu run\`; revision $(cat "$kit/revision")."
    echo
    echo "| step | outcome | seconds |"
    echo "|---|---|---|"
    printf '%s\n' "${outcomes[@]}"
    for name in "${steps[@]}"; do
      [ ! -f "$work/sections/$name" ] || cat "$work/sections/$name"
    done
  } >"$results/results.md"
  tar czf "$results/logs.tar.gz" -C "$work" logs
}

# Markdown's block for what is aligned with spaces.
as_block() { sed 's/^/    /'; }

# java_earshot [FOLDER]: sets `command` to what starts Earshot's command line, with the library of a folder.
java_earshot() {
  # The library compiled here lies in front of the jars, which have one of the same name.
  command=("$(java_command)" -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED -Dearshot.model=tools/demo-model
    -Dorg.bytedeco.javacpp.cachedir="$work/javacpp" -cp "${1:-$built/front}:$kit/lib/*" org.earshot.cli.Main)
}

earshot() {
  local command
  java_earshot
  "${command[@]}" "$@"
}

# The networks of the papers' sizes, or the small one where they could not be made.
models() {
  local one some=0
  for one in "${networks[@]}"; do
    [ ! -d "$kit/models/$one" ] || { echo "${kit#"$root"/}/models/$one"; some=1; }
  done
  [ "$some" = 1 ] || echo tools/demo-model
}

step_machine() {
  echo "device: $device (name, compute capability, memory, driver)"
  echo "nvcc: $("${nvcc:-false}" --version 2>/dev/null | sed -n 's/.*release //p')"
  echo "processor: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) processors"
  echo "system: $(uname -sr), $(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)"
  nvidia-smi --query-gpu=clocks.max.sm,clocks.max.mem,power.limit,utilization.gpu --format=csv
}

report_machine() { as_block <"$1"; }

step_compile() {
  local status=0
  if [ "$built" = "$work/built" ]; then
    rm -rf "$built"
    compile_for "$architecture" "$built" || status=1
  fi
  # The proof that Java takes this library and no other, and that it runs here: the backend's description comes from it.
  earshot --version | tee "$work/version"
  grep -q '^backend cuda: cuda\[' "$work/version" || status=1
  return "$status"
}

# The code that is compiled for a compute capability: of 9.0 with what no later device has (cuda/src/warpgroup.h).
code_for() { echo "${1/%90/90a}"; }

# compile_objects CODE TARGET...: the sources of the targets in this folder to $objects. Without CMake, which a machine
# with a GPU may lack: the sources of cuda/sources.txt, with the flags that CMake takes.
compile_objects() {
  local code=$1 compiler=("$nvcc") includes=() flags one bad=0
  # A compilation that was done before, here or in another copy, is not done again.
  if command -v ccache >/dev/null; then compiler=(ccache "$nvcc"); fi
  rm -rf "$objects"
  mkdir -p "$objects"
  while read -r one; do includes+=("-I$one"); done < <(sed -n 's|^[a-z]* \(.*\)/$|\1|p' cuda/sources.txt)
  flags=$(grep '^-' cmake/compile-flags.txt | paste -s -d,)
  for one in "${@:2}"; do sources_of "$one"; done >"$work/sources"
  while read -r one; do mkdir -p "$objects/${one%/*}"; done <"$work/sources"
  xargs -P "$(nproc)" -I{} "${compiler[@]}" -c {} -o "$objects/{}.o" -std=c++17 -O3 -DNDEBUG \
    -gencode "arch=compute_$code,code=sm_$code" "${includes[@]}" -DEARSHOT_GOLDEN="\"$golden\"" \
    -Xcompiler="-fPIC,$flags" <"$work/sources" || bad=1
  return "$bad"
}

# link_library FOLDER: the library of what was compiled, to where Java finds it before the one in a jar.
link_library() {
  local library=$1/org/earshot/backend/cuda/linux-x86_64/libearshot_cuda.so
  mkdir -p "${library%/*}"
  link_of "$library" library -shared \
    -Xlinker=--version-script=cuda/earshot_cuda.map,--no-undefined,--exclude-libs=ALL,-z,relro,-z,now \
    -Xlinker=-soname=libearshot_cuda-0000000000000000.so
}

# compile_for ARCHITECTURE FOLDER: the library to FOLDER/front, the tests and the benchmark to FOLDER/bin.
compile_for() {
  local objects=$work/objects bad=0
  compile_objects "$(code_for "$1")" library test bench || bad=1
  # Each by itself: a test that does not compile leaves the library to the other steps.
  mkdir -p "$2/bin"
  link_library "$2/front" || bad=1
  link_of "$2/bin/earshot_cuda_bench" "library bench" || bad=1
  link_of "$2/bin/earshot_cuda_test" "library test" || bad=1
  return "$bad"
}

# sources_of TARGET: what cuda/sources.txt lists for it.
sources_of() {
  local pattern
  while read -r pattern; do compgen -G "$pattern"; done < <(sed -n "s|^$1 \(.*[^/]\)$|\1|p" cuda/sources.txt)
}

# link_of OUTPUT TARGETS OPTION...: the objects of what is listed for the targets.
link_of() {
  local one linked=()
  while read -r one; do linked+=("$objects/$one.o"); done < <(for one in $2; do sources_of "$one"; done)
  "$nvcc" -cudart static -o "$1" "${linked[@]}" "${@:3}" -lpthread
}

# compile_plain FOLDER: the tests once more, to FOLDER/bin, of code for 9.0 without what only that has, which a library
# that was compiled for it so takes.
compile_plain() {
  local objects=$work/plain
  compile_objects 90 library test && mkdir -p "$1/bin" && link_of "$1/bin/earshot_cuda_test_plain" "library test"
}

# compile_beside REVISION ARCHITECTURE FOLDER: the library of an earlier revision, to FOLDER/beside.
compile_beside() {
  local objects=$work/beside-objects source=$work/beside-source status=0
  rm -rf "$source" "$3/beside"
  mkdir -p "$source"
  git archive "$1" cuda native cmake | tar x -C "$source" || return 1
  (cd "$source" && compile_objects "$(code_for "$2")" library && link_library "$3/beside") || status=1
  rm -rf "$source" "$objects"
  [ "$status" = 0 ] && echo "$1" >"$3/beside/revision"
}

report_compile() { grep -E '^(earshot|Java|backend) ' "$1" | as_block; }

step_native_tests() { "$built/bin/earshot_cuda_test"; }

step_plain() {
  [ "$architecture" = 90 ] || { echo "this device has no code that plain code would stand beside"; return 0; }
  if [ ! -x "$built/bin/earshot_cuda_test_plain" ]; then compile_plain "$built" || return 1; fi
  "$built/bin/earshot_cuda_test_plain"
}

report_plain() { grep -E '^FAILED|tests, |^this device' "$1" | as_block; }

# An earlier revision's kernels under the same Java, in turns with these: what changed between two revisions is theirs,
# not the card's or the hour's.
step_beside() {
  local turn precision folder model=$kit/models/ascmamba command status=0
  rm -f "$results/beside.jsonl"
  [ -f "$built/beside/revision" ] || { echo "no earlier library was packed (pack --beside REVISION)"; return 0; }
  [ -d "$model" ] || model=tools/demo-model
  for turn in 1 2; do
    for folder in beside front; do
      java_earshot "$built/$folder"
      for precision in "${precisions[@]}"; do
        "${command[@]}" bench "$model" --backend cuda --precision "$precision" \
          --from features --batch 1,64 --duration 0.7 --json |
          sed "s|^{|{\"kernels\":\"$(kernels_of "$folder")\",\"turn\":$turn,\"precision\":\"$precision\",|" \
            >>"$results/beside.jsonl" || status=1
      done
    done
  done
  return "$status"
}

# kernels_of FOLDER: the revision of a library.
kernels_of() { if [ "$1" = beside ]; then cat "$built/beside/revision"; else cat "$kit/revision"; fi; }

report_beside() {
  [ -f "$results/beside.jsonl" ] || { as_block <"$1"; return; }
  echo "| kernels | turn | precision | batch | ms, median | clips/s |"
  echo "|---|---|---|---|---|---|"
  rows_of "$results/beside.jsonl" kernels turn precision batch latency_ms_median clips_per_second
}

report_native_tests() { grep -E '^FAILED|tests, ' "$1" | as_block; }

# Tests that take the sanitizer seconds, of every family of kernels; then a small network from Java.
sanitized=(causal_convolution_agrees golden_selective_scan segmented_scan tiled_scans cuda_mamba_path_channels
  cuda_mamba_path_front cuda_encoder_channels log_mel_over_the_boundary cuda_a_recording cuda_squeeze_excitation_channels
  cuda_residual_separable_channels cuda_transformer_sizes cuda_gru_sizes cuda_token_pool)

sanitize() {
  local tool=$1 one status=0 command
  # run_with OPTION... COMMAND...: a test that fails by itself is not clean either.
  run_with() {
    if "$sanitizer" --tool "$tool" --error-exitcode 9 --print-limit 5 "$@"; then echo "-> clean"; else status=1; fi
  }
  for one in "${sanitized[@]}"; do
    echo "== $one"
    run_with "$built/bin/earshot_cuda_test" "$one"
  done
  echo "== ascmamba-small from Java"
  java_earshot
  run_with --target-processes all "${command[@]}" parity --backend cuda "$golden/ascmamba-small"
  return "$status"
}

step_sanitizer() {
  local tool jobs=() status=0
  sanitizer=$(PATH=$PATH:$(dirname "$nvcc") command -v compute-sanitizer) || {
    echo "there is no compute-sanitizer beside nvcc"
    return 1
  }
  for tool in memcheck racecheck initcheck synccheck; do
    sanitize "$tool" >"$work/logs/sanitizer-$tool.log" 2>&1 &
    jobs+=($!)
  done
  for tool in "${jobs[@]}"; do wait "$tool" || status=1; done
  grep -hE '^=+ (.*SUMMARY|Invalid|Error:|Uninitialized|Barrier|Program hit)' "$work"/logs/sanitizer-*.log |
    sort | uniq -c || true
  return "$status"
}

report_sanitizer() {
  local tool log
  echo "| tool | runs begun | clean |"
  echo "|---|---|---|"
  for tool in memcheck racecheck initcheck synccheck; do
    log=$work/logs/sanitizer-$tool.log
    [ ! -f "$log" ] ||
      echo "| $tool | $(grep -c '^== ' "$log") | $(grep -c '^-> clean' "$log") |"
  done
}

step_java_tests() {
  local front=$built/front console
  console=$(ls "$kit"/junit-platform-console-standalone-*.jar)
  # The tests find their goldens from the module's folder.
  cd java/earshot
  "$(java_command)" -Dorg.bytedeco.javacpp.cachedir="$work/javacpp" --enable-native-access=ALL-UNNAMED \
    -cp "$front:$kit/tests:src/test/resources:$console:$kit/lib/*" org.junit.platform.console.ConsoleLauncher execute \
    --select-package org.earshot --include-classname '.*(Contract|Layers|Golden|FrontEnd)\w*Test' \
    --disable-banner --disable-ansi-colors --details tree --details-theme ascii --fail-if-no-tests
}

report_java_tests() {
  {
    grep -E 'tests (found|skipped|successful|failed)' "$1"
    echo "of the cuda backend: $(grep -c '[] =]cuda.*\[OK\]' "$1") passed, $(grep -c '[] =]cuda.*\[X\]' "$1") failed"
  } | as_block
}

# Precisions with the loss that the contract tests allow: 16 roundings of both factors, of 2^-9 in bfloat16 and an
# eighth of that in TF32, of which twice is allowed. What was lost is what the tables say.
tolerance_of() {
  case $1 in
    float32) echo 1e-4 ;;
    tf32) echo 0.015625 ;;
    bf16) echo 0.0625 ;;
  esac
}

precisions=(float32 tf32 bf16)

step_parity() {
  local precision one status=0 directories=()
  # Those with a golden file, of every network and every kind of one that a conformance test knows.
  mapfile -t directories < <(models)
  for one in tools/demo-model "$golden"/*; do
    [ ! -f "$one/golden.safetensors" ] || [[ " ${directories[*]} " = *" $one "* ]] || directories+=("$one")
  done
  for precision in "${precisions[@]}"; do
    echo "== $precision, at most $(tolerance_of "$precision") of the spread"
    earshot parity --backend cuda --precision "$precision" --tolerance "$(tolerance_of "$precision")" \
      "${directories[@]}" || status=1
  done
  return "$status"
}

report_parity() { as_block <"$1"; }

# Every scene's probability, of two backends on the same recordings. Both backends are within 1e-4 of the logits'
# spread; a spread of 20 would be large, and a probability moves by half of what two logits move apart.
step_cpu_gpu() {
  local one backend
  for one in tools/demo-model $(models); do
    for backend in cpu cuda; do
      earshot classify tools/samples/*.wav --model "$one" --city "Xi'an" --time 2023-06-18T18:44 --top 10 \
        --backend "$backend" --csv >"$work/$backend.csv"
    done
    awk -F, -v name="${one##*/}" '
      FNR == 1 { next }
      NR == FNR { label[$1] = $2; for (i = 2; i < NF; i += 2) of_cpu[$1, $i] = $(i + 1); next }
      { answers++; if ($2 != label[$1]) other++
        for (i = 2; i < NF; i += 2) {
          if (!(($1, $i) in of_cpu)) { missing++; continue }
          d = $(i + 1) - of_cpu[$1, $i]; if (d < 0) d = -d; if (d > most) most = d } }
      END { printf "%s: %d recordings, %d answers differ, probabilities by %.2e at most\n", name, answers, other, most
        exit !(answers > 0 && other == 0 && missing == 0 && most <= 1e-3) }' "$work/cpu.csv" "$work/cuda.csv"
  done
}

report_cpu_gpu() { grep recordings "$1" | as_block; }

# measure FILE MODEL PRECISION FROM BATCHES BACKEND ...: a line of JSON for each batch, with model and precision.
measure() {
  # Lines come as they are measured: a batch that fails leaves those before it.
  earshot bench "$2" --backend "$6" --precision "$3" --from "$4" --batch "$5" --duration 0.7 --json "${@:7}" |
    sed "s|^{|{\"model\":\"${2##*/}\",\"precision\":\"$3\",|" >>"$results/$1"
}

step_bench() {
  local model precision from status=0
  rm -f "$results/bench.jsonl"
  for model in $(models); do
    for from in pcm features; do
      for precision in "${precisions[@]}"; do
        measure bench.jsonl "$model" "$precision" "$from" 1,8,64,256 cuda || status=1
      done
    done
  done
  # Of samples only the way to the device differs: one precision, and where a clip's time and where a batch's shows.
  for model in $(models); do measure bench.jsonl "$model" float32 pcm16 1,64 cuda || status=1; done
  for model in $(models); do measure bench.jsonl "$model" float32 pcm 1 cpu || status=1; done
  return "$status"
}

step_concurrency() {
  local model precision status=0
  rm -f "$results/concurrency.jsonl"
  for model in $(models); do
    for precision in float32 tf32; do
      measure concurrency.jsonl "$model" "$precision" pcm 1 cuda --callers 1,2,4 || status=1
    done
  done
  return "$status"
}

report_bench() { bench_table "$results/bench.jsonl"; }
report_concurrency() { bench_table "$results/concurrency.jsonl"; }

bench_table() {
  echo "\`earshot bench\`, 10 s a clip; every call from memory of the host to logits there."
  echo
  echo "| model | backend | precision | from | batch | callers | ms, median | ms, 99th percentile | clips/s |"
  echo "|---|---|---|---|---|---|---|---|---|"
  rows_of "$1" model backend precision from batch callers latency_ms_median latency_ms_p99 clips_per_second
}

# rows_of FILE KEY...: a row of a table for each line of JSON.
rows_of() {
  awk -v names="${*:2}" '
    function get(key) {
      if (!match($0, "\"" key "\":(\"[^\"]*\"|[^,}]*)")) return "?"
      value = substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3); gsub(/"/, "", value)
      if (key == "backend") sub(/\[.*/, "", value)
      return key ~ /^latency_ms/ ? sprintf("%.3f", value) : key ~ /_per_second$/ ? sprintf("%.1f", value) : value }
    BEGIN { count = split(names, keys, " ") }
    { row = "|"; for (i = 1; i <= count; i++) row = row " " get(keys[i]) " |"; print row }' "$1"
}

step_kernels() { "$built/bin/earshot_cuda_bench" | tee "$results/kernels.txt"; }

# The first table; lengths and segments of the scan follow in kernels.txt, and all again as JSON.
report_kernels() { awk '/^kernel/ { table = 1 } table && /^($|\{)/ { exit } { print }' "$1" | as_block; }

# Each network's kernels on one clip, as they run one behind the other: a library that asks CUPTI, loaded by the driver.
step_trace() {
  local toolkit cupti model precision name library=$work/trace/libkernel_trace.so traces=() command status=0
  toolkit=$(dirname "$(dirname "$(readlink -f "${nvcc:-/usr/local/cuda/bin/nvcc}")")")
  cupti=$(find -L "$toolkit" -name libcupti.so -print -quit 2>/dev/null)
  [ -n "$cupti" ] || { echo "there is no libcupti.so below $toolkit"; return 1; }
  rm -rf "$work/trace"
  mkdir -p "$work/trace"
  g++ -shared -fPIC -O1 -I"$toolkit/include" -I"$toolkit/extras/CUPTI/include" cuda/bench/kernel_trace.cpp \
    -o "$library" "$cupti" -Wl,-rpath,"$(dirname "$cupti")" || return 1
  java_earshot
  for model in $(models); do
    for precision in "${precisions[@]}"; do
      name=$work/trace/${model##*/}-$precision.txt
      TRACE_OUTPUT=$name CUDA_INJECTION64_PATH=$library "${command[@]}" bench "$model" --backend cuda \
        --precision "$precision" --from pcm --batch 1 --duration 0.3 >"$work/logs/trace-bench.log" || status=1
      [ ! -s "$name" ] || traces+=("$name")
    done
  done
  PYTHONPATH=tools/reference "${PYTHON:-python3}" -m earshot_reference gpu-timeline "${traces[@]}" \
    --predicted cuda/bench/predicted.txt --output "$results/trace.md" || status=1
  return "$status"
}

report_trace() { sed '1,/^$/d; s/^## /### /' "$results/trace.md"; }

# Each network's kernels on one clip, by Nsight Compute: what binds each, one after another.
step_profile() {
  local ncu model clip=$work/profile/clip.wav command tables=() status=0
  ncu=$(PATH=$PATH:${nvcc:+$(dirname "$nvcc"):}/usr/local/cuda/bin command -v ncu) || {
    echo "there is no ncu on the PATH or beside nvcc"
    return 1
  }
  java_earshot
  rm -rf "$work/profile"
  mkdir -p "$work/profile"
  # Two samples of 5 s: a whole clip of 10 s.
  "${PYTHON:-python3}" - tools/samples/{bus,metro}.wav "$clip" <<'PYTHON'
import sys
import wave

with wave.open(sys.argv[-1], "wb") as whole:
    for name in sys.argv[1:-1]:
        with wave.open(name) as part:
            if whole.getnframes() == 0:
                whole.setparams(part.getparams())
            whole.writeframes(part.readframes(part.getnframes()))
PYTHON
  for model in $(models); do
    "$ncu" --target-processes all --clock-control none --section LaunchStats --section SpeedOfLight \
      --section Occupancy --section WarpStateStats --csv --page raw --print-units base \
      --log-file "$work/profile/${model##*/}.csv" \
      "${command[@]}" classify "$clip" --model "$model" --city "Xi'an" --time 2023-06-18T18:44 --backend cuda ||
      status=1
    [ ! -s "$work/profile/${model##*/}.csv" ] || tables+=("$work/profile/${model##*/}.csv")
    # After each, as the next may not end in time.
    cp "${tables[@]}" "$work/logs"
    PYTHONPATH=tools/reference "${PYTHON:-python3}" -m earshot_reference gpu-profile "${tables[@]}" \
      --output "$results/profile.md" || status=1
  done
  return "$status"
}

report_profile() { sed '1,/^$/d; s/^## /### /' "$results/profile.md"; }

# NVIDIA's own libraries, called from Java, beside our layers.
step_presets() {
  [ -d "$kit/presets" ] || { echo "the benchmarks beside cuDNN and cuBLASLt were not packed"; return 1; }
  LD_LIBRARY_PATH=$(nvidia_libraries)${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} "$(java_command)" -XX:+UseSerialGC -Xmx16g \
    --enable-native-access=ALL-UNNAMED -Dorg.bytedeco.javacpp.cachedir="$work/javacpp" \
    -cp "$built/front:$kit/presets/*:$kit/lib/*" org.earshot.benchmarks.gpu.Main "$results/presets.md"
}

report_presets() { sed 1,2d "$results/presets.md"; }

# pytorch FILE SECTION MODEL...: PyTorch's measurements of a section, in the step's own file.
pytorch() {
  local python=${PYTHON:-python3} file=$1 section=$2
  shift 2
  [ -d "$1" ] || { echo "no model of the paper's size to compare with"; return 1; }
  "$python" -c 'import safetensors, torch' || { echo "$python has no PyTorch with safetensors"; return 1; }
  rm -f "$results/$file"
  PYTHONPATH=tools/reference PYTHONUNBUFFERED=1 "$python" -m earshot_reference gpu-peers "$@" \
    --output "$results/$file" --only "$section" --repeats 50
  # A peer that failed is a row that says so.
  ! grep -q '"failed"' "$results/$file"
}

# The small networks first: ASCMamba's large batches take most of the time.
step_peers() { pytorch peers.json network "$kit"/models/{se-trans,mobile-asc-net,ascmamba}; }
step_peers_kernels() { pytorch peers-kernels.json kernels "$kit/models/ascmamba"; }
step_peers_compiled() { pytorch peers-compiled.json compiled "$kit/models/ascmamba"; }
report_peers_kernels() { peers_table "$results/peers-kernels.json"; }
report_peers() { peers_table "$results/peers.json"; }
report_peers_compiled() { peers_table "$results/peers-compiled.json"; }

peers_table() {
  "${PYTHON:-python3}" - "$1" <<'PYTHON'
import json
import sys

content = json.load(open(sys.argv[1], encoding="utf-8"))
print("PyTorch:", ", ".join(f"{key} {value}" for key, value in content.pop("machine", {}).items()))
for section, rows in content.items():
    columns = list(dict.fromkeys(name for row in rows for name in row))
    print(f"\n{section}\n\n| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    for row in rows:
        cells = (row.get(name, "") for name in columns)
        texts = (f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in cells)
        print("| " + " | ".join(" ".join(text.replace("|", "/").split()) for text in texts) + " |")
PYTHON
}
