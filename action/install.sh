#!/usr/bin/env bash
# Installs the perfgate that belongs to this commit of the action, and hands its path on.
#
# action/manifest.json, which lies beside this file and so has the same commit, says which version that is and what the
# SHA-256 of each archive is. What runs is always unpacked from an archive that was hashed in this very step; a cache
# that other jobs can write to only saves the download. A commit of the action that was never released builds itself.
# Another program of the same name is on the public registry, so nothing is ever installed by name.
#
# bash 3.2 (macOS) and Git's bash (Windows) run this, and no jq is needed.
set -CeEuo pipefail
IFS=$'\n\t'

# The build scripts of dependencies, and what curl and tar start, get no secret: only `gh` needs the token.
token=${GH_TOKEN:-}
unset GH_TOKEN GITHUB_TOKEN PERFGATE_TOKEN PERFGATE_SLACK_WEBHOOK

escaped() {
    local text=${1//'%'/%25}
    text=${text//$'\r'/%0D}
    printf '%s' "${text//$'\n'/%0A}"
}
die() {
    printf '::error title=perfgate::%s\n' "$(escaped "$2")"
    exit "$1"
}
# Exit code 1 is the gate's alone.
trap 'die 4 "the installation failed in line $LINENO of install.sh"' ERR
warn() { printf '::warning title=perfgate::%s\n' "$(escaped "$*")"; }
out() { printf '%s=%s\n' "$1" "$2" >>"${GITHUB_OUTPUT:?}"; }

# On Windows the runner's paths are `D:\…`, where tar takes the `D:` for another machine.
unix() { if command -v cygpath >/dev/null; then cygpath -u "$1"; else printf '%s' "$1"; fi; }
native() { if command -v cygpath >/dev/null; then cygpath -m "$1"; else printf '%s' "$1"; fi; }

action=$(unix "${GITHUB_ACTION_PATH:?}")
manifest=$action/action/manifest.json
# top KEY and of TARGET KEY read the manifest, whose values are all strings.
top() { sed -nE "s/^  \"$1\": *\"([^\"]*)\".*/\1/p" "$manifest" | head -n 1; }
of() { tr -d '\n' <"$manifest" | sed -nE "s/.*\"$1\": *\{([^}]*)\}.*/\1/p" | sed -nE "s/.*\"$2\": *\"([^\"]*)\".*/\1/p"; }

pinned=$(top version)
repo=$(top repo)
version=${INPUT_VERSION:-}
version=${version#v}
version=${version:-$pinned}
# A version goes into addresses and paths.
[[ "$version" =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || die 2 'the input "version" is a version such as 1.2.3'
verify=${INPUT_VERIFY_ATTESTATION:-auto}
fallback=${INPUT_FALLBACK:-cargo-install}
case $verify in auto | true | false) ;; *) die 2 'the input "verify-attestation" is one of auto, true, false' ;; esac
case $fallback in cargo-install | none) ;; *) die 2 'the input "fallback" is one of cargo-install, none' ;; esac

machine=${RUNNER_OS:?}-${RUNNER_ARCH:?}
exe=''
case $machine in
Linux-X64) target=x86_64-unknown-linux-musl ;;
Linux-ARM64) target=aarch64-unknown-linux-musl ;;
macOS-X64) target=x86_64-apple-darwin ;;
macOS-ARM64) target=aarch64-apple-darwin ;;
Windows-X64 | Windows-ARM64) target=x86_64-pc-windows-msvc exe=.exe ;; # ARM64 runs it under emulation
*) target='' ;;
esac

temporary=$(mktemp -d "$(unix "${RUNNER_TEMP:?}")/perfgate.XXXXXX")

sha256() {
    # Of standard input: sha256sum marks names that hold a backslash.
    if command -v sha256sum >/dev/null; then sha256sum <"$1" | cut -c1-64; else shasum -a 256 <"$1" | cut -c1-64; fi
}
finish() { # finish FOLDER
    "$1/perfgate$exe" --version || die 4 'the perfgate that was installed does not run on this machine'
    out bin "$(native "$1/perfgate$exe")"
    out version "$version"
    if [[ "${INPUT_COMMAND:-}" == install ]]; then printf '%s\n' "$(native "$1")" >>"${GITHUB_PATH:?}"; fi
    exit 0
}
from_source() { # from_source WHY
    # The checkout builds its own version and no other.
    [[ "$version" == "$pinned" ]] || die 4 "$1, and this checkout of the action can build $pinned alone"
    [[ "$fallback" == cargo-install ]] || die 4 "$1, and the input \"fallback\" is none"
    command -v cargo >/dev/null || die 4 "$1, and there is no cargo to build it with"
    warn "$1: building perfgate $version from the action's own checkout, which takes minutes"
    # Not in the working folder: its settings for cargo and rustup are the project's.
    cd "$action"
    cargo install --locked --quiet --path . --root "$(native "$temporary")" --target-dir "$(native "$temporary/target")" ||
        die 4 'perfgate could not be built'
    finish "$temporary/bin"
}
fetch() { # fetch URL FILE
    local try
    for try in 1 2 3 4; do
        if curl --proto '=https' --proto-redir '=https' --tlsv1.2 -fsSL --connect-timeout 15 --max-time 300 -o "$2" "$1"; then
            return 0
        fi
        rm -f -- "$2"
        if [[ "$try" -lt 4 ]]; then sleep "$((try * ${PERFGATE_INSTALL_PAUSE:-2}))"; fi
    done
    return 1
}

[[ -n "$target" ]] || from_source "there is no perfgate binary for $machine"
wanted=''
if [[ "$version" == "$pinned" ]]; then
    wanted=$(of "$target" sha256)
    [[ "$wanted" =~ ^[0-9a-f]{64}$ ]] || from_source 'this commit of the action has no released binary'
fi
[[ "$repo" =~ ^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$ ]] || die 4 "this commit of the action was never released, so it does not know where perfgate $version is"

archive=perfgate-v$version-$target.tar.gz
url=https://github.com/$repo/releases/download/v$version
cache=$(unix "${RUNNER_TOOL_CACHE:-$RUNNER_TEMP}")/perfgate/$version/$target
if [[ -n "$wanted" && -f "$cache/$archive" && "$(sha256 "$cache/$archive")" == "$wanted" ]]; then
    cp -- "$cache/$archive" "$temporary/$archive"
else
    fetch "$url/$archive" "$temporary/$archive" || from_source "$archive could not be downloaded"
    if [[ -z "$wanted" ]]; then
        fetch "$url/SHA256SUMS" "$temporary/SHA256SUMS" || die 4 "the release of perfgate $version has no SHA256SUMS"
        wanted=$(awk -v file="$archive" '$2 == file || $2 == "*" file { print $1 }' "$temporary/SHA256SUMS")
        [[ "$wanted" =~ ^[0-9a-f]{64}$ ]] || die 4 "SHA256SUMS has no line for $archive"
        warn "perfgate $version is not the version that this commit of the action pins; its checksum comes from the release that it checks"
    fi
fi
got=$(sha256 "$temporary/$archive")
[[ "$got" == "$wanted" ]] || die 4 "the checksum of $archive is wrong: expected $wanted, got $got"

attested() {
    GH_TOKEN=$token gh attestation verify "$temporary/$archive" --repo "$repo" --signer-workflow "$repo/.github/workflows/release.yml" ||
        die 4 "the attestation of $archive could not be verified"
}
case $verify in
true) attested ;;
auto) if [[ "$version" != "$pinned" ]] && command -v gh >/dev/null; then attested; fi ;;
esac

# Relative names: see `unix`.
cd "$temporary"
tar -xzf "$archive" "perfgate$exe"
chmod 0755 "perfgate$exe"
# Only saves the next download, so it may fail.
{ mkdir -p -- "$cache" && cp -f -- "$archive" "$cache/$archive"; } 2>/dev/null || true
rm -f -- "$archive" SHA256SUMS
finish "$temporary"
