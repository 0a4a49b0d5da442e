#!/usr/bin/env bash
# Builds multus and runs its tests; see ./test.sh --help. Installs what is missing
# on Debian when run as root. Ends with what was skipped and why, and the line
# "N passed, N failed" or "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")" || exit 1
exec </dev/null

ALL=(build lint unit plugins runtimes faults examples fuzz e2e)
FUZZTIME=${FUZZTIME:-90} # seconds for all targets, with their compilation
E2EBUILD=25m             # for what the node consists of, where nobody has asked for it

usage() {
	cat <<'END'
usage: ./test.sh [PART...]

  build      compiles for all architectures; reproducible, static, small
  lint       gofmt, go vet, staticcheck, the architecture as a test, go.mod
  unit       go test of all packages, those of pkg with -race
  plugins    whole commands with the real reference plugins (root)
  runtimes   the same as containerd and CRI-O do it, with go-cni and ocicni (root);
             the metrics, with Prometheus' parsers
  faults     kills, full disks, broken plugins, APIs and records; what a command costs (root)
  examples   each example's run, twice (root)
  fuzz       each fuzz target for its share of FUZZTIME seconds (90)
  e2e        a Kubernetes node: etcd, kube-apiserver, kubelet, containerd (root)
  load       that node with a hundred pods at once, thousands of sandboxes, outages (root)
  bench      measurements, passed by nothing and failed by nothing

Without a part: all but load and bench. What the e2e node consists of takes about ten minutes and
10 GB to build, which is done the first time that the part is named or that CI is set;
else it is skipped until then. What needs root is skipped without it. As root, tests run in
network, mount and process namespaces of their own, so that even a killed run leaves no
interface, namespace, firewall rule or process behind.
END
}

say() { printf '%s\n' "$*"; }
isRoot() { [ "$(id -u)" = 0 ]; }

# --- what is needed -----------------------------------------------------------

# install gets the Debian packages whose commands are missing.
install() {
	local want=() pair
	for pair in gcc:gcc readelf:binutils git:git ip:iproute2 iptables:iptables nft:nftables ping:iputils-ping ps:procps shellcheck:shellcheck podman:podman runc:runc busybox:busybox-static ovs-vswitchd:openvswitch-switch; do
		PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" >/dev/null || want+=("${pair##*:}")
	done
	[ -e /usr/include/stdlib.h ] || want+=(libc6-dev)
	[ ${#want[@]} -gt 0 ] || return 0
	if ! isRoot || ! command -v apt-get >/dev/null; then
		say "missing, and to be installed by hand: ${want[*]}"
		return 0
	fi
	say "installing ${want[*]}"
	local try
	for try in 1 2 3; do
		apt-get -qq -o Acquire::Retries=3 update >"$tmp/apt" 2>&1 &&
			DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Acquire::Retries=3 \
				install --no-install-recommends "${want[@]}" >>"$tmp/apt" 2>&1 && return 0
		sleep $((try * 5))
	done
	tail -n 20 "$tmp/apt"
	return 1
}

# prepare fetches modules while there is a network, and builds.
prepare() {
	install || say "some Debian packages could not be installed; what needs them fails below"
	local try
	for try in 1 2 3; do
		go mod download 2>"$tmp/download" && break
		sleep $((try * 5))
	done
	[ ! -s "$tmp/download" ] || cat "$tmp/download"
	./build && ./build plugins
}

# isolated runs a command where it can do no harm: what it leaves behind goes with it.
isolated() {
	if ! isRoot; then
		"$@"
		return
	fi
	# shellcheck disable=SC2016 # expanded inside
	unshare --net --mount --pid --fork --kill-child --mount-proc -- bash -c '
		ip link set lo up && mount -t tmpfs tmpfs /run || exit 1
		if mkdir -p /var/lib/cni 2>/dev/null; then mount -t tmpfs tmpfs /var/lib/cni || exit 1; fi
		"$@"' isolated "$@"
}

# --- counting -----------------------------------------------------------------

counted() { say "$1 $2 $3" >>"$tmp/counts"; } # passed failed skipped

# check counts one command as one test and shows its output if it fails.
check() {
	local name=$1 begin=$EPOCHREALTIME took
	shift
	if "$@" >"$tmp/output" 2>&1; then
		took=$(awk "BEGIN { print $EPOCHREALTIME - $begin }")
		printf 'ok    %s, %.1f s\n' "$name" "$took"
		counted 1 0 0
		return
	fi
	cat "$tmp/output"
	say "FAIL  $name"
	counted 0 1 0
}

# skipped counts what cannot run here.
skipped() {
	say "skip  $1: $2"
	say "$1: $2" >>"$tmp/skipped"
	counted 0 0 1
}

# tests runs go test with gotestsum, which counts each test: tests [COMMAND] -- FLAGS PACKAGES
tests() {
	local before=() status failed errors total skips
	while [ "$1" != -- ]; do
		before+=("$1")
		shift
	done
	"${before[@]}" "$(go tool -n gotestsum)" --no-color --format=pkgname-and-test-fails --format-hide-empty-pkg "$@" | tee "$tmp/tests"
	status=${PIPESTATUS[0]}
	number() { sed -nE "s/^DONE .*\\b([0-9]+) $1.*/\\1/p" "$tmp/tests" | tail -n 1; }
	total=$(number tests?) skips=$(number skipped) failed=$(number failures?) errors=$(number errors?)
	failed=$((${failed:-0} + ${errors:-0}))
	if [ "$status" != 0 ] && [ $failed = 0 ]; then
		say "FAIL  ${before[*]} go test ${*:2}: exit status $status"
		failed=1
	fi
	total=$((${total:-0} - ${skips:-0} - failed))
	counted $((total > 0 ? total : 0)) $failed "${skips:-0}"
	# The summary has a skipped test's name, and what it said below.
	awk '/^=== SKIP: / { name = $3 " " $4; next }
		name && match($0, /\.go:[0-9]+: /) { print name ": " substr($0, RSTART + RLENGTH); name = "" }' "$tmp/tests" >>"$tmp/skipped"
}

# --- the parts ----------------------------------------------------------------

part_build() {
	local arch
	for arch in amd64 arm arm64 ppc64le riscv64 s390x; do
		check "$arch" ./build --arch "$arch"
		check "$arch is static" static "bin/$arch/multus"
		check "$arch takes at most 16 MB" small "bin/$arch/multus"
	done
	check "the same bytes from two directories" reproducible
	check "an image of all architectures" ./build --arch all image
	foreign images/build
	say "note  bin/multus takes $(stat -c %s bin/multus) bytes"
}

# krew makes the archives, each of which the manifest has to name with its sum.
krew() {
	./build krew || return
	local archive
	for archive in bin/krew/*.tar.gz; do
		grep -A 1 -F "/${archive##*/}" bin/krew/multus.yaml | grep -qw "$(sha256sum "$archive" | cut -d' ' -f1)" || return
		tar -xzOf "$archive" multus | cmp - "bin/$(basename "$archive" .tar.gz | sed 's/.*-//')/multus" || return
	done
	[ "$(grep -c 'sha256: [0-9a-f]' bin/krew/multus.yaml)" = 6 ]
}

static() { readelf -lW "$1" | awk '/INTERP|DYNAMIC/ { print; dynamic = 1 } END { exit dynamic }'; }

small() {
	local size
	size=$(stat -c %s "$1") && say "$1: $size bytes" && [ "$size" -le 16000000 ]
}

# reproducible builds the last commit, or without git this directory, in two places.
reproducible() {
	local dir
	for dir in "$tmp/here" "$tmp/and/there"; do
		mkdir -p "$dir"
		if [ -e .git ]; then
			git clone -q . "$dir" || return
		else
			tar -c --exclude=./bin . | tar -x -C "$dir" || return
		fi
		"$dir/build" || return
	done
	cmp "$tmp/here/bin/multus" "$tmp/and/there/bin/multus"
}

part_lint() {
	check gofmt nothing gofmt -l .
	check "go vet" go vet ./...
	check staticcheck go tool staticcheck ./...
	check "go mod tidy" go mod tidy -diff
	check "go mod verify" go mod verify
	if command -v shellcheck >/dev/null; then
		check shellcheck shellcheck -x --source-path=SCRIPTDIR build test.sh .ci/run examples/docker/attach test/e2e/cluster/{build,start,stop,root,enter,node,part,certificates,sweep}
	else
		skipped shellcheck "not installed"
	fi
	tests -- -count=1 ./pkg
	foreign test/deployments
	check "go vet, test/devices" env -C test/devices go vet ./...
}

# nothing passes if a command prints nothing.
nothing() {
	local out
	out=$("$@" 2>&1) && [ -z "$out" ] && return
	say "$out"
	return 1
}

# A program with -race sleeps for a second before it ends, unless told otherwise:
# those of tests are started hundreds of times. Of cmd the tests are programs alone.
part_unit() {
	# shellcheck disable=SC2046 # the packages are words
	tests isolated env GORACE=atexit_sleep_ms=0 -- -race -count=1 -timeout 5m $(go list ./pkg/... | grep -v '/pkg$')
	tests isolated -- -count=1 -timeout 5m ./cmd/... ./test/recorder ./test/bench/...
}

# rooted runs tests that make no sense without root.
rooted() {
	if isRoot; then
		tests isolated -- -count=1 -timeout 10m "$@"
	else
		skipped "$*" "needs root for network namespaces"
	fi
}

part_plugins() { rooted ./test/plugins/...; }

part_runtimes() {
	foreign test/monitoring
	foreign test/runtimes
}

# foreign is for tests in a module of their own, which brings much along that multus
# does without.
foreign() {
	check "go vet, $1" env -C "$1" go vet .
	tests isolated env -C "$1" -- -count=1 -timeout 5m .
}

part_faults() {
	rooted ./test/faults/...
	rooted ./test/guard/... # alone: it counts what a command does
}

part_examples() {
	local run
	for run in examples/*/run; do
		[ -x "$run" ] || continue
		if isRoot; then
			check "$run" isolated timeout 120 "$run"
			check "$run, again" isolated timeout 120 "$run"
		else
			skipped "$run" "needs root for network namespaces"
		fi
	done
}

# part_fuzz builds each package's targets once, with the instructions that lead
# the search, and shares what is left of the time among them.
part_fuzz() {
	local end=$((SECONDS + FUZZTIME)) targets file name dir left seconds
	mapfile -t targets < <(grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+\(' pkg cmd)
	for dir in $(printf '%s\n' "${targets[@]%/*}" | sort -u); do
		check "$dir compiles for fuzzing" go test -c -fuzz=. -o "$tmp/fuzz/${dir//\//-}" "./$dir"
	done
	left=${#targets[@]}
	for file in "${targets[@]}"; do
		dir=${file%/*} name=${file##*func } name=${name%(}
		seconds=$(((end - SECONDS) / left--))
		((seconds > 0)) || seconds=1
		if ((SECONDS < end + 30)); then
			check "$name, $dir, $seconds s" fuzz "$dir" "$name" "$seconds"
		else
			skipped "$name, $dir" "the $FUZZTIME s for fuzzing are over; FUZZTIME=300 ./test.sh fuzz"
		fi
	done
}

# fuzz runs one target. Go now and then takes the end of the time for a failure
# (golang/go#75804); a true one comes with an input or a crash.
fuzz() {
	local out binary=$tmp/fuzz/${1//\//-} found
	found=$(go env GOCACHE)/fuzz/$(go list "./$1")
	out=$(cd "$1" && isolated "$binary" -test.run='^$' -test.fuzz="^$2\$" -test.fuzztime="${3}s" \
		-test.fuzzminimizetime=1s -test.parallel=2 -test.fuzzcachedir="$found" 2>&1) && return
	say "$out"
	[ "$(sed -n '/^--- FAIL/,/^FAIL$/p' <<<"$out" | sed '1d;$d' | tr -d ' ')" = contextdeadlineexceeded ]
}

part_bench() {
	if [ -d test/bench ]; then
		isolated go run ./test/bench
	else
		go test -run='^$' -bench=. -benchmem ./pkg/... ./cmd/...
	fi
}

part_e2e() {
	if ! isRoot; then
		skipped e2e "needs root for namespaces"
		return
	fi
	local missing
	missing=$(test/e2e/cluster/build --missing | tr '\n' ' ')
	if [ -n "$asked" ]; then
		check "what the node consists of" test/e2e/cluster/build
		! grep -q '^0 1 ' "$tmp/counts" || return
	elif [ -n "$missing" ] && [ -z "${CI:-}" ]; then
		skipped e2e "not built yet: $missing(./test.sh e2e builds them, once, in about ten minutes)"
		return
	elif [ -n "$missing" ] && ! timeout "$E2EBUILD" test/e2e/cluster/build >"$tmp/output" 2>&1; then
		tail -n 20 "$tmp/output"
		skipped e2e "could not be built within $E2EBUILD: $(tail -n 1 "$tmp/output")"
		return
	fi
	: >"$tmp/node"
	check "the image that the node imports" ./build image
	thirdparty
	tests isolated env MULTUS_E2E=1 -- -count=1 -timeout 40m ./test/e2e ./test/thirdparty
}

# thirdparty builds other people's plugins. The tests of one that cannot be built say why they are skipped.
thirdparty() {
	[ -n "$(go run ./test/thirdparty/build --missing)" ] || return 0
	timeout 10m go run ./test/thirdparty/build >"$tmp/output" 2>&1 || say "not all of other people's plugins could be built"
	tail -n 40 "$tmp/output"
}

part_load() {
	if ! isRoot; then
		skipped load "needs root for namespaces"
		return
	fi
	check "what the node consists of" test/e2e/cluster/build
	: >"$tmp/node"
	tests isolated env MULTUS_E2E=1 MULTUS_E2E_LOAD="${LOAD:-1}" -- -count=1 -timeout 90m -v -run '^TestLoad' ./test/e2e
}

# --- all of it ----------------------------------------------------------------

# run runs one part and notes how it went.
run() {
	local part=$1 begin=$SECONDS sum verdict
	say "" && say "== $part"
	: >"$tmp/counts"
	"part_$part"
	sum=$(awk '{ p += $1; f += $2; s += $3 } END { print p+0, f+0, s+0 }' "$tmp/counts")
	read -r passed failed left <<<"$sum"
	verdict=ok
	[ "$failed" = 0 ] || verdict=FAIL
	printf '%-5s %-9s %4d passed, %d failed, %d skipped, %d s\n' \
		"$verdict" "$part" "$passed" "$failed" "$left" $((SECONDS - begin)) | tee -a "$tmp/summary"
	say "$sum" >>"$tmp/total"
}

main() {
	local part
	say "== prepare"
	if prepare; then
		say "ok    $SECONDS s"
		for part in "$@"; do run "$part"; done
	else
		say "FAIL  prepare" | tee -a "$tmp/summary"
		say "0 1 0" >>"$tmp/total"
	fi
	say "" && say "== summary"
	cat "$tmp/summary"
	summary
}

# summary says what was skipped, once for each reason, and how many tests passed.
summary() {
	sort "$tmp/skipped" | awk -F': ' '{
			reason = substr($0, length($1) + 3)
			if (count[reason]++ == 0) first[reason] = $1
		} END {
			for (reason in count) {
				more = count[reason] > 1 ? sprintf(" and %d more", count[reason] - 1) : ""
				printf "skip  %s%s: %s\n", first[reason], more, reason
			}
		}' | sort
	awk '{ p += $1; f += $2; s += $3 } END {
		printf "%d passed, %d failed%s\n", p, f, s ? ", " s " skipped" : ""
		exit f > 0
	}' "$tmp/total"
}

parts=("$@") asked=$*
[ ${#parts[@]} -gt 0 ] || parts=("${ALL[@]}")
for part in "${parts[@]}"; do
	case $part in
	-h | --help)
		usage
		exit 0
		;;
	build | lint | unit | plugins | runtimes | faults | examples | fuzz | load | bench | e2e) ;;
	*)
		say "test.sh: there is no part $part; see ./test.sh --help" >&2
		exit 2
		;;
	esac
done

tmp=$(mktemp -d "${TMPDIR:-/tmp}/mt.XXXXXX") || exit 1
: >"$tmp/total"
: >"$tmp/skipped"
: >"$tmp/summary"
trap '[ ! -e "$tmp/node" ] || test/e2e/cluster/stop; rm -rf "$tmp"' EXIT
# Tests' own files go with it (the path is short: sockets are in it), and git
# works in a directory of somebody else's.
mkdir "$tmp/t"
export TMPDIR=$tmp/t PATH=$PATH:/usr/sbin:/sbin
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'

# A process group of its own, so that one signal ends all of it at once.
set -m
main "${parts[@]}" &
job=$!
trap 'kill -KILL -- -"$job" 2>/dev/null; wait "$job" 2>/dev/null; exit 130' INT TERM HUP
wait "$job"
