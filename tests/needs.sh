# Sourced by run and bench; $logs is where the installer's output goes.
say() { printf '%s\n' "$*"; }

# What the tests need and a bare Debian lacks. Where we may not install, the tests that need it say so themselves.
apt_install() {
  local missing=() program package
  for pair in "$@"; do
    program=${pair%%=*} package=${pair#*=}
    compgen -G "$program" >/dev/null || command -v "$program" >/dev/null || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "missing, and only root can install it: apt-get install ${missing[*]}"
    return 0
  fi
  say "installing ${missing[*]} ..."
  export DEBIAN_FRONTEND=noninteractive
  local options=(-y -q --no-install-recommends -o DPkg::Lock::Timeout=120)
  apt-get "${options[@]}" install "${missing[@]}" >"$logs/apt.log" 2>&1 ||
    { apt-get -q update >>"$logs/apt.log" 2>&1; apt-get "${options[@]}" install "${missing[@]}" >>"$logs/apt.log" 2>&1; } ||
    { say "apt-get install ${missing[*]} failed:"; tail -n 15 "$logs/apt.log"; }
}

# A package of npm, into the tests' cache.
npm_install() {
  local name=$1 package=$2
  [ ! -d "$cache/npm/node_modules/$name" ] && command -v npm >/dev/null || return 0
  say "installing $name ..."
  npm install --silent --no-fund --no-audit --prefix "$cache/npm" "$package" >"$logs/$name.log" 2>&1 || { say "npm install $package failed:"; tail -n 5 "$logs/$name.log"; }
}
