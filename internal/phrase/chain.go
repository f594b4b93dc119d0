package phrase

import "strconv"

// Chain says how much of a chain of the audit was looked at.
func Chain(rows, skipped, purged int64) string {
	out := Plural(int(rows), "event") + " follow from one another, unchanged"
	if rows == 1 {
		out = "1 event was looked at, and is unchanged"
	}
	switch {
	case skipped > 0:
		out += ", those after event " + strconv.FormatInt(skipped, 10)
	case purged > 0:
		out += ", all since the older ones were purged as the policy says"
	}
	return out + "."
}
