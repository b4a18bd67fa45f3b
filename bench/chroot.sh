# bench/chroot.sh - a Debian trixie in a folder, where MobilityDB is packaged; read by `run`.
#
# The bench runs there as it would on a machine with that system: the same
# checkout, the same ./run, which installs what it needs there and nothing
# outside.  Its mounts are in a mount namespace of their own and go with it, so
# nothing of this machine is ever below a folder that is removed.

chroot_suite=trixie
chroot_folder=

# is MobilityDB there, or packaged, for the PostgreSQL that would be used?
has_mobilitydb() {
	(
		choose_postgres
		case $PG_CONFIG in
			/usr/lib/postgresql/*) installed "$(mobilitydb_package)" || known "$(mobilitydb_package)" ;;
			*)
				command -v "$PG_CONFIG" > /dev/null &&
					[ -f "$("$PG_CONFIG" --sharedir)/extension/mobilitydb.control" ]
				;;
		esac
	)
}

mobilitydb_package() {
	echo "postgresql-$(echo "$PG_CONFIG" | cut -d/ -f5)-mobilitydb"
}

# bench_in_chroot ARGS: what `./run bench ARGS` does, there; the results come here
bench_in_chroot() {
	if [ -n "${TERRITORY_CHROOT_INSIDE:-}" ]; then
		say "The system in the chroot has no package of MobilityDB; it has to be Debian $chroot_suite."
		return 1
	fi
	say "MobilityDB is not packaged for this system: the bench runs in a chroot with Debian $chroot_suite, where it is."
	results=$(results_file "$@")
	if ! [ -w "$results" ] && { [ -e "$results" ] || ! [ -w "$(dirname "$results")" ]; }; then
		say "$results cannot be written."
		return 1
	fi
	chroot_folder=${TERRITORY_CHROOT:-$work/$chroot_suite}
	make_chroot || return 1
	# another run's checkout would be replaced
	exec 9< "$chroot_folder"
	if ! flock -n 9; then
		say "Another run uses $chroot_folder."
		return 1
	fi
	copy_checkout "$chroot_folder/srv/territory" || return 1
	inside=$chroot_folder/srv/territory/build/RESULTS.md
	# it has sections that are kept
	if [ -f "$results" ]; then
		cp "$results" "$inside" || return 1
	fi
	status=0
	# shellcheck disable=SC2016 # for the inner shell
	in_chroot sh -c 'cd /srv/territory && exec ./run bench "$@" --out /srv/territory/build/RESULTS.md' sh "$@" &
	chroot_child=$!
	wait $chroot_child || status=$?
	chroot_child=
	if [ -f "$inside" ]; then
		cat "$inside" > "$results" && say "Here they are in $results."
	fi
	return $status
}

# the file that ARGS name for the results
results_file() {
	file=bench/RESULTS.md
	while [ $# -gt 0 ]; do
		case $1 in
			--out) file=${2:-$file} ;;
			--out=*) file=${1#--out=} ;;
		esac
		shift
	done
	echo "$file"
}

# the folder, found or made
make_chroot() {
	if ! is_root; then
		say "Only root can make a chroot and enter it: sudo ./run bench --mobilitydb"
		return 1
	fi
	if ! unshare --mount true 2> "$work/unshare.log"; then
		cat "$work/unshare.log" >&2
		say "Mounts of its own (unshare --mount) are not allowed here, and the chroot needs them."
		return 1
	fi
	if [ -d "$chroot_folder" ]; then
		chroot_folder=$(cd "$chroot_folder" && pwd -P) || return 1
	fi
	if [ "$chroot_folder" = / ]; then
		say "TERRITORY_CHROOT names the root of this system; name a folder for another."
		return 1
	fi
	# debootstrap removes this folder of its own when all is done
	if [ -d "$chroot_folder/debootstrap" ]; then
		say "In $chroot_folder debootstrap did not come to its end; remove the folder, and start again."
		return 1
	fi
	if [ -x "$chroot_folder/usr/bin/apt-get" ]; then
		say "Using the system in $chroot_folder"
		return 0
	fi
	if [ -n "$(ls -A "$chroot_folder" 2> /dev/null)" ]; then
		say "$chroot_folder holds something else than a Debian system."
		return 1
	fi
	debootstrap_chroot
}

debootstrap_chroot() {
	if ! command -v debootstrap > /dev/null; then
		need "to make the chroot" debootstrap || return 1
	fi
	if ! command -v debootstrap > /dev/null; then
		say "There is no debootstrap, which makes the chroot."
		return 1
	fi
	say "Making Debian $chroot_suite in $chroot_folder (debootstrap)"
	if [ -z "${TERRITORY_CHROOT:-}" ]; then
		say "It goes at the end; TERRITORY_CHROOT=FOLDER keeps it for the next run."
	fi
	debootstrap --variant=minbase "$chroot_suite" "$chroot_folder" > "$work/debootstrap.log" 2>&1 && return 0
	tail -n 20 "$work/debootstrap.log" >&2
	say "debootstrap failed."
	return 1
}

# copy_checkout FOLDER: what is here, without what was built for this system
copy_checkout() {
	rm -rf "$1" && mkdir -p "$1/build" || return 1
	tar -cf - --exclude=./.git --exclude=./build --exclude='*.o' --exclude='*.d' --exclude='*.so' . |
		tar -xf - -C "$1" --no-same-owner
}

# in_chroot COMMAND...: with the mounts that a server needs, and nothing of this environment
in_chroot() {
	# shellcheck disable=SC2016 # for the inner shell
	exec unshare --mount --propagation private sh -c '
		mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" || exit 1
		exec chroot "$0" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			HOME=/root LANG=C.UTF-8 TERRITORY_CHROOT_INSIDE=yes "$@"' \
		"$chroot_folder" ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} "$@"
}
