#!/usr/bin/env bash
# The steps of .github/workflows/release.yml: check, build, manifest, publish.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

targets=(
    x86_64-unknown-linux-musl
    aarch64-unknown-linux-musl
    x86_64-apple-darwin
    aarch64-apple-darwin
    x86_64-pc-windows-msvc
)
die() {
    printf '::error::%s\n' "$1"
    exit 1
}
[[ "${VERSION:?}" =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || die 'the version must look like 1.2.3'
tag=v$VERSION
sums() { if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi; }

# The version is the one in Cargo.toml, is described, and is new.
check() {
    [ "${BRANCH:?}" = "${DEFAULT_BRANCH:?}" ] || die "releases are made from $DEFAULT_BRANCH"
    grep -qx "version = \"$VERSION\"" Cargo.toml || die "Cargo.toml has another version than $VERSION"
    grep -q "^## \[\?$VERSION\]\?" CHANGELOG.md || die "CHANGELOG.md has no section $VERSION"
    if git ls-remote --exit-code --tags origin "refs/tags/$tag" >/dev/null; then die "$tag exists already"; fi
}

# One archive for TARGET in dist/.
build() {
    rustup target add "${TARGET:?}"
    case $TARGET in
    *-musl) sudo apt-get update -q && sudo apt-get install -qy musl-tools ;;
    esac
    cargo build --release --locked --target "$TARGET"
    local exe=''
    case $TARGET in *windows*) exe=.exe ;; esac
    mkdir -p dist
    tar -czf "dist/perfgate-$tag-$TARGET.tar.gz" -C "target/$TARGET/release" "perfgate$exe"
}

# action/manifest.json for the archives in dist/, as action/install.sh reads it.
manifest() {
    local target hash comma=','
    {
        printf '{\n  "version": "%s",\n  "repo": "%s",\n  "targets": {\n' "$VERSION" "${REPOSITORY:?}"
        for target in "${targets[@]}"; do
            [ "$target" != "${targets[${#targets[@]} - 1]}" ] || comma=''
            hash=$(sums <"dist/perfgate-$tag-$target.tar.gz" | cut -c1-64)
            printf '    "%s": {"sha256": "%s"}%s\n' "$target" "$hash" "$comma"
        done
        printf '  }\n}\n'
    } >action/manifest.json
}

# Pins the checksums in a commit, tags it, and publishes a release with the archives.
publish() {
    local target archives=()
    for target in "${targets[@]}"; do
        archives+=("dist/perfgate-$tag-$target.tar.gz")
        [ -f "dist/perfgate-$tag-$target.tar.gz" ] || die "there is no archive for $target"
    done
    manifest
    (cd dist && sums perfgate-"$tag"-*.tar.gz >SHA256SUMS)
    git -c user.name='github-actions[bot]' -c user.email='41898282+github-actions[bot]@users.noreply.github.com' \
        commit --quiet --message "release $VERSION: checksums" action/manifest.json
    git tag "$tag"
    # The token goes through the environment, not into a command line or git's configuration.
    export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.${SERVER:?}/.extraheader"
    GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $(printf 'x-access-token:%s' "${GH_TOKEN:?}" | base64 -w0)"
    export GIT_CONFIG_VALUE_0
    # The tag alone: the branch goes on without binaries of its own, so that no later commit of the action claims these.
    git push --quiet origin "refs/tags/$tag"
    # A release that cannot be changed later must be complete before it is published.
    gh release create "$tag" --draft --verify-tag --title "$tag" --notes "CHANGELOG.md says what is new." \
        "${archives[@]}" dist/SHA256SUMS
    gh release edit "$tag" --draft=false
    case $VERSION in *-*) return 0 ;; esac
    # Those who follow the major version get it last, when everything is there.
    git push --quiet --force origin "$tag^{commit}:refs/tags/v${VERSION%%.*}"
}

case ${1:-} in
check | build | manifest | publish) "$1" ;;
*) die 'usage: release.sh check|build|manifest|publish' ;;
esac
