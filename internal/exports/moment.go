package exports

import (
	"strconv"
	"time"
)

// milliseconds is from where on a number of a moment counts those, and not seconds.
// In seconds it is the year 5138, in milliseconds March 1973.
const milliseconds = 100_000_000_000

// layouts are moments as clients of databases print them.
func layouts() []string {
	return []string{
		time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999-07", "2006-01-02 15:04:05.999999999 -0700",
		"2006-01-02 15:04:05.999999999 -07:00", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", time.DateOnly,
	}
}

// moment reads a time: RFC 3339 and what psql, mysql and sqlite3 print, or a number of
// seconds or milliseconds since 1970. Where no zone is named it is UTC, in which all the
// systems here keep theirs; a date alone is its first moment.
func moment(s string) (time.Time, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n < 0 {
			return time.Time{}, false
		}
		if n >= milliseconds {
			return time.UnixMilli(n).UTC(), n < 1000*milliseconds
		}
		return time.Unix(n, 0).UTC(), true
	}
	for _, layout := range layouts() {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
