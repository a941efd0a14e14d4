# Shared by the scripts beside it: where the project is, and a machine that can build it. Sourced, not run.
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
cli=$root/java/earshot-cli/target
stamp=$cli/built
archive=$cli/earshot.jsa

say() { printf 'earshot: %s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

# The Java to use: JAVA_HOME's, or the one on the path. Prints nothing where there is none.
java_command() {
  if [ -n "${JAVA_HOME:-}" ] && [ -x "$JAVA_HOME/bin/java" ]; then
    echo "$JAVA_HOME/bin/java"
  else
    command -v java || true
  fi
}

jdk_present() {
  local java
  java=$(java_command)
  [ -n "$java" ] || return 1
  # A runtime without compiler cannot build; Java before 17 cannot either.
  "$java" --list-modules 2>/dev/null | grep -q '^jdk.compiler@' || return 1
  local version
  version=$("$java" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.specification.version = //p')
  case $version in 1.*) return 1 ;; esac
  [ "${version%%.*}" -ge 17 ]
}

# Runs a command and shows what it printed only if it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" </dev/null >"$log" 2>&1 || status=$?
  if [ "$status" != 0 ]; then
    cat "$log" >&2
    say "$1 failed (exit status $status); what it said stands above"
  fi
  rm -f "$log"
  return "$status"
}

# Installs what building needs and this machine lacks.
set_up() {
  local missing=()
  jdk_present || missing+=(default-jdk-headless)
  command -v mvn >/dev/null || missing+=(maven)
  command -v g++ >/dev/null || missing+=(g++)
  command -v cmake >/dev/null || missing+=(cmake make)
  [ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"
}

# install_missing COMMAND[=PACKAGE]...: installs the packages of those commands that this machine lacks, which are called
# as the commands unless said otherwise.
install_missing() {
  local missing=() one
  for one in "$@"; do
    command -v "${one%%=*}" >/dev/null || missing+=("${one#*=}")
  done
  [ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"
}

# Installs packages of Debian and Ubuntu; elsewhere says what is needed.
install_packages() {
  if ! command -v apt-get >/dev/null; then
    fail "needs $*, as Debian calls them (JDK 17, Maven 3.8 and CMake 3.22 or later, a compiler of C++17, clang-format 14" \
      "to 19, Clang with libFuzzer); install them and run this again"
  fi
  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "needs $*; install them as root and run this again"
    as_root=(sudo)
  fi
  say "installing $* with apt-get"
  quietly "${as_root[@]}" apt-get update -qq
  quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    -o Dpkg::Use-Pty=0 --no-install-recommends "$@"
}

# Folders with NVIDIA's libraries, as the packages that PyTorch for CUDA brings have them, separated by colons.
nvidia_libraries() {
  "${PYTHON:-python3}" - <<'PYTHON'
import pathlib
import sysconfig

packages = pathlib.Path(sysconfig.get_path("purelib"), "nvidia")
print(":".join(sorted({str(p.parent) for p in packages.glob("**/lib*.so*")})))
PYTHON
}

# Whether the jars of the command line are missing or older than their sources.
outdated() {
  [ ! -e "$stamp" ] || [ -n "$(find "$root"/{pom.xml,java,native,cuda,cmake} \
    \( -path '*/target' -prune -o -path '*/build' -prune -o -path '*/src/test' -prune \
    -o -type f -newer "$stamp" -print -quit \))" ]
}

# Leaves the CUDA kernels out, and their emulation: minutes, for those who need neither.
without_cuda=(-Dcuda.emulation=OFF -Dcuda.nvcc=OFF)

# package_jars MAVEN-OPTION...: makes the jars, without tests and checks.
package_jars() {
  quietly mvn -B -q -Dstyle.color=never -DskipTests -Dmaven.javadoc.skip -Dspotless.check.skip package "$@"
}

# build MAVEN-OPTION...
build() {
  set_up
  say "building (the first time takes some minutes: Maven fetches its plugins)"
  # nvcc takes minutes: only where there is a device that its kernels could run on, and for that device alone.
  local cuda=("${without_cuda[@]}")
  [ ! -e /dev/nvidiactl ] || cuda=(-Dcuda.emulation=OFF -Dcuda.architectures=native)
  # A library's version before would stay beside it, and on the class path.
  rm -rf "$cli/lib"
  # Taken before the build, so that what is edited meanwhile is built next time.
  touch "$stamp.next"
  package_jars -f "$root" \
    -pl '!java/earshot-fuzz,!java/examples,!java/earshot-spring-boot-starter,!java/example-spring-boot' "${cuda[@]}" "$@" ||
    return 1
  say "built"
  mv "$stamp.next" "$stamp"
}

# A folder of this run's own, $folder, and processes, whose numbers are to be added to $started: the script's end is
# theirs.
begin_run() {
  folder=$(mktemp -d)
  started=()
  trap end_run EXIT
}

end_run() {
  local process
  for process in "${started[@]}"; do
    kill "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
  done
  rm -rf "$folder"
}

# One build at a time; who waited for another's finds nothing left to do. Takes what build takes.
build_if_outdated() {
  local status=0
  outdated || return 0
  mkdir -p "$cli"
  exec 9>"$cli/build.lock"
  flock 9
  if outdated; then build "$@" || status=1; fi
  exec 9>&-
  return "$status"
}

# What every start of the command line is given. The serial collector starts fastest and suits a short run; native access
# is what the kernels and FFmpeg need. Of an archive of classes that does not fit, nobody needs to hear.
starting=(-XX:+UseSerialGC --enable-native-access=ALL-UNNAMED "-Xlog:cds*=off" "-Xlog:class*=off")
# A JVM takes one collector: where the environment names it, as in some containers, that is it.
case "${JAVA_TOOL_OPTIONS:-} ${JDK_JAVA_OPTIONS:-} ${_JAVA_OPTIONS:-}" in
  *-XX:+Use*GC*) starting=("${starting[@]:1}") ;;
esac

# What a server is given: it runs for long and does much at once, so it has a collector that does not stop it for long, and
# whose regions hold some recordings of ten seconds each, as what is larger than half of one costs far more to collect.
serving=("${starting[@]/UseSerialGC/UseG1GC}" -XX:G1HeapRegionSize=4m)

# Keeps the classes that a classification loads as the JVM has them in memory, for later starts to map: once after each
# build. Only the JDK that wrote the archive takes it, and with these jars alone; without it all works the same.
archive_classes() {
  # Installed by another user, or on a file system that is read only.
  [ -w "$cli" ] || return 0
  local part=$archive.$$
  # Half an archive would end the JVM: one of a run that did not end well counts for nothing. The empty file that is then
  # left says not to try again before the next build.
  "$(java_command)" "${starting[@]}" "-XX:ArchiveClassesAtExit=$part" -Dearshot.model="$root/tools/demo-model" \
    -cp "$cli/lib/*" org.earshot.cli.Main classify "$root/tools/samples/bus.wav" >/dev/null 2>&1 || rm -f "$part"
  [ -e "$part" ] || touch "$part"
  mv -f "$part" "$archive"
}
