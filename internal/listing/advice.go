package listing

import (
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
)

// adviceRows is how much advice a page shows.
const adviceRows = 200

// Advice is what could be better about the tokens of a workspace.
type Advice struct {
	// Address is that of the page, with the kind that it is narrowed to.
	Address
	Kinds []AdviceKind
	Code  string
	Rows  []api.Advice
	// Total is how many there are of the kind, as far as was looked; More says that not
	// every token was.
	Total int
	More  bool
}

// AdviceKind is a kind of advice, and how often it is given.
type AdviceKind struct {
	Code, Name string
	N          int
}

// NewAdvice is the list of a kind, or of all, before any was taken.
func NewAdvice(at Address, code string) Advice {
	l := Advice{Address: at, Code: code}
	for _, code := range []string{api.AdviceUnused, api.AdviceUnusedScopes, api.AdviceNoExpiry, api.AdviceShared, api.AdviceOwnerInactive} {
		l.Kinds = append(l.Kinds, AdviceKind{Code: code, Name: phrase.AdviceKind(code)})
	}
	return l
}

// Add takes a piece of advice; one of a kind that is not known is none.
func (l *Advice) Add(a api.Advice) {
	i := slices.IndexFunc(l.Kinds, func(k AdviceKind) bool { return k.Code == a.Code })
	if i < 0 {
		return
	}
	l.Kinds[i].N++
	if l.Code != "" && l.Code != a.Code {
		return
	}
	if l.Total++; len(l.Rows) < adviceRows {
		l.Rows = append(l.Rows, a)
	}
}

// All is how much there is of every kind.
func (l *Advice) All() (n int) {
	for _, k := range l.Kinds {
		n += k.N
	}
	return n
}
