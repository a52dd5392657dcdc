#!/bin/sh
# Makes the programs of a real Kubernetes API in the folder $1: etcd as Debian packages it, and
# kube-apiserver from Debian's source package, which carries its whole vendor tree, so that the
# build asks nobody for anything. About four minutes and 1.5 GB of memory, once.
set -eu
out=$1
work=$out.work
rm -rf "$work" && mkdir -p "$work/lists/partial" "$work/sources" "$work/root" "$work/gopath/src/k8s.io"
cd "$work"

# The machine's own sources, for source packages; what is installed and listed stays as it is.
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  if [ -f "$list" ]; then
    sed -n -e 's/^deb \(.*debian.*\)/deb-src \1/p' -e '/^deb .*debian/p' "$list" >> sources/own.list
  fi
done
for list in /etc/apt/sources.list.d/debian*.sources; do
  if [ -f "$list" ]; then
    sed 's/^Types:.*/Types: deb deb-src/' "$list" > "sources/$(basename "$list")"
  fi
done
apt() {
  apt-get --quiet --quiet -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/sources" \
    -o Dir::State::lists="$work/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= "$@"
}
apt update
apt download golang-1.19-go golang-1.19-src etcd-server
apt source --download-only --only-source kubernetes=1.20.5+really1.20.2-1.1+deb12u1 \
  || apt source --download-only --only-source kubernetes
for package in *.deb; do dpkg-deb -x "$package" root; done
tar -xzf kubernetes_1.20.*.orig.tar.gz -C gopath/src/k8s.io
mv gopath/src/k8s.io/kubernetes-1.20.2 gopath/src/k8s.io/kubernetes

export GOROOT="$work/root/usr/lib/go-1.19" GOPATH="$work/gopath" GOCACHE="$work/cache" GO111MODULE=off \
  GOPROXY=off CGO_ENABLED=0 PATH="$work/root/usr/lib/go-1.19/bin:$PATH"
cd gopath/src/k8s.io/kubernetes
go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
packages=$(grep -rlE '^// \+k8s:openapi-gen=true' --include=*.go pkg cmd plugin staging/src | grep -v _test.go \
  | xargs -n1 dirname | sort -u | grep -vE 'testdata|/test/|sample-|code-generator' \
  | sed -e 's#^staging/src/#k8s.io/kubernetes/vendor/#' -e '/^k8s.io\/kubernetes/!s#^#k8s.io/kubernetes/#' | paste -sd,)
"$work/openapi-gen" --go-header-file hack/boilerplate/boilerplate.generatego.txt -O zz_generated.openapi \
  -p k8s.io/kubernetes/pkg/generated/openapi -r "$work/violations.txt" -i "$packages"
vendored=k8s.io/kubernetes/vendor/k8s.io flags="-s -w"
for package in component-base/version client-go/pkg/version; do
  flags="$flags -X $vendored/$package.gitVersion=v1.20.2 -X $vendored/$package.gitMajor=1 -X $vendored/$package.gitMinor=20"
done
nice go build -p 2 -trimpath -ldflags "$flags" -o "$work/kube-apiserver" ./cmd/kube-apiserver

mkdir -p "$out"
mv "$work/kube-apiserver" "$work/root/usr/bin/etcd" "$out"
chmod -R u+w "$work" && rm -rf "$work"
