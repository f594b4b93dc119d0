# Run PostgreSQL servers in a folder, as told on standard input, until it ends.
set -u
bin=$1 dir=$2
umask 077
trap '' INT # Ctrl-C is for the tests; they end, then we do
finish() {
	for data in "$dir"/*/data; do
		"$bin/pg_ctl" -D "$data" -m immediate -w stop >/dev/null 2>&1 || true
	done
	cd / && rm -rf "$dir"
}
trap finish EXIT
serve() {
	listen=$(cat "$1/listen" 2>/dev/null)
	lib=
	[ -f "$1/clock" ] && lib=$(ls /usr/lib/*/faketime/libfaketime.so.1)
	env ${lib:+"LD_PRELOAD=$lib"} "FAKETIME_TIMESTAMP_FILE=$1/clock" FAKETIME_CACHE_DURATION=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
		"$bin/pg_ctl" -D "$1/data" -w -t 60 -l "$1/server.log" \
		-o "-k '$1' -c listen_addresses='$listen' -c fsync=off -c full_page_writes=off -c max_connections=200 -c jit=off -c autovacuum=off \
			-c shared_buffers=16MB -c max_wal_size=128MB -c wal_sender_timeout=2s -c wal_retrieve_retry_interval=100ms -c hot_standby=on" start
}
while read -r verb name rest; do
	own=$dir/$name
	case $verb in
	make) mkdir "$own" && "$bin/initdb" -D "$own/data" -U postgres -A trust -E UTF8 --no-sync --no-instructions --locale=C.UTF-8 ;;
	copy) mkdir "$own" && "$bin/pg_basebackup" -h "$dir/$rest" -U postgres -D "$own/data" -X stream -c fast --no-sync &&
		sed -i '/^synchronous_standby_names/d' "$own/data/postgresql.auto.conf" && { ! [ -f "$dir/$rest/clock" ] || cp "$dir/$rest/clock" "$own/clock"; } ;;
	clock) echo "$rest" >"$own/clock.new" && mv "$own/clock.new" "$own/clock" ;;
	follow) printf "primary_conninfo = 'host=%s user=postgres application_name=%s'\n" "$dir/$rest" "$name" >>"$own/data/postgresql.auto.conf" &&
		: >"$own/data/standby.signal" ;;
	secure) echo "$rest" >"$own/listen" && install -m 600 "$own/server.crt" "$own/server.key" "$own/data" &&
		echo 'ssl = on' >>"$own/data/postgresql.auto.conf" ;;
	start) serve "$own" ;;
	stop) "$bin/pg_ctl" -D "$own/data" -m "$rest" -w -t 60 stop ;;
	promote) "$bin/pg_ctl" -D "$own/data" -w -t 60 promote ;;
	*) false ;;
	esac >"$dir/log" 2>&1 && echo ok || { tr '\n' ' ' <"$dir/log"; tail -n 3 "$own/server.log" 2>/dev/null | tr '\n' ' '; echo; }
done
