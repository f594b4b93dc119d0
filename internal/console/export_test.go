package console

import "github.com/tokenry/tokenry/internal/reception"

// Row is a row of the table of pages, for tests of what it asks.
type Row struct {
	Pattern string
	// Who is "anybody", "somebody", "colleague", "holder" or "administrator".
	Who    string
	Scopes []string
	Portal bool
	// Proof is "", "in place" or "led to".
	Proof string
}

// Rows are all of it.
func Rows() []Row {
	var out []Row
	for _, r := range allRoutes() {
		out = append(out, Row{
			Pattern: r.pattern, Scopes: r.access.Scopes, Portal: r.access.Portal,
			Who:   map[reception.Visitor]string{reception.Anybody: "anybody", reception.Somebody: "somebody", reception.Colleague: "colleague", reception.Holder: "holder", reception.Administrator: "administrator"}[r.access.Who],
			Proof: map[reception.Proof]string{reception.InPlace: "in place", reception.LedTo: "led to"}[r.access.Proof],
		})
	}
	return out
}
