# Run PgBouncer in a folder until standard input ends; one that ends by itself is started again.
set -u
dir=$1
umask 077
trap '' INT # Ctrl-C is for the tests; they end, then we do
trap 'kill "$pid" 2>/dev/null; wait; cd / && rm -rf "$dir"' EXIT
PATH=$PATH:/usr/sbin:/sbin
serve() {
	trap 'kill "$child"; exit' TERM
	trap - EXIT
	while :; do
		pgbouncer "$dir/pgbouncer.ini" >>"$dir/log" 2>&1 </dev/null &
		child=$!
		wait "$child"
		[ -e "$dir/served" ] || exit 1
		sleep 0.1
	done
}
serve &
pid=$!
while ! [ -S "$dir/.s.PGSQL.6432" ]; do
	if ! kill -0 "$pid" 2>/dev/null; then
		tr '\n' ' ' <"$dir/log"
		exit 1
	fi
	sleep 0.02
done
: >"$dir/served"
echo ready
cat >/dev/null
