# Run PgBouncer in a folder until standard input ends.
set -u
dir=$1
umask 077
trap '' INT # Ctrl-C is for the tests; they end, then we do
trap 'kill "$pid" 2>/dev/null; cd / && rm -rf "$dir"' EXIT
PATH=$PATH:/usr/sbin:/sbin
pgbouncer -q "$dir/pgbouncer.ini" >"$dir/log" 2>&1 </dev/null &
pid=$!
while ! [ -S "$dir/.s.PGSQL.6432" ]; do
	if ! kill -0 "$pid" 2>/dev/null; then
		tr '\n' ' ' <"$dir/log"
		exit 1
	fi
	sleep 0.02
done
echo ready
cat >/dev/null
