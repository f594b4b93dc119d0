package recall

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

const (
	// law says what is remembered, and what is forgotten by which write. Whoever remembers
	// something else, or forgets it by another write, gives it the next number, so that
	// builds which run side by side believe nothing of each other here.
	law = 2
	// mostNamed is about how many tokens a batch names, and exactly how many workspaces; more are all of them.
	mostNamed = 64
)

// Wrote is what a batch has written of what is remembered: by it a memo of another process,
// which ended where that batch began, learns what does not hold any more. It may name
// more than was written, and never less.
type Wrote struct {
	// Law is that of the build that wrote.
	Law int `json:"law"`
	// All is everything, Kinds every answer of a kind.
	All   bool   `json:"all,omitempty"`
	Kinds []kind `json:"kinds,omitempty"`
	// Tokens are rows, Locators those by which they are found, Secrets the tokens whose secrets were
	// written, Tips where the audit of workspaces ends now.
	Tokens   []ledger.ID     `json:"tokens,omitempty"`
	Locators []token.Locator `json:"locators,omitempty"`
	Secrets  []ledger.ID     `json:"secrets,omitempty"`
	Tips     []tip           `json:"tips,omitempty"`
}

// tip is where the audit of a workspace ends; with no row where that is not known.
type tip struct {
	Workspace ledger.ID `json:"workspace"`
	ledger.AuditTip
}

// Wrote is what was written since the last batch ended, undone or not.
func (m *Memo) Wrote() Wrote {
	w := m.wrote
	w.Law = law
	for _, ids := range []*[]ledger.ID{&w.Tokens, &w.Secrets} {
		*ids = distinct(*ids)
	}
	w.Tips = slices.Clone(w.Tips)
	slices.SortFunc(w.Tips, func(a, b tip) int { return cmp.Compare(a.Workspace, b.Workspace) })
	w.Tips = slices.CompactFunc(w.Tips, func(a, b tip) bool { return a.Workspace == b.Workspace })
	for i, t := range w.Tips {
		if known, ok := m.rows[tips][t.Workspace].(answer[ledger.AuditTip]); ok && known.err == nil {
			w.Tips[i].AuditTip = known.value
		}
	}
	w.Kinds = distinct(w.Kinds)
	w.Locators = slices.Clone(w.Locators)
	slices.SortFunc(w.Locators, func(a, b token.Locator) int { return bytes.Compare(a[:], b[:]) })
	w.Locators = slices.Compact(w.Locators)
	if len(w.Tokens)+len(w.Secrets)+len(w.Locators) > 2*mostNamed {
		w.Tokens, w.Locators, w.Secrets, w.Kinds = nil, nil, nil, distinct(append(w.Kinds, tokens, secrets))
	}
	if len(w.Tips) > mostNamed {
		w.Tips, w.Kinds = nil, distinct(append(w.Kinds, tips))
	}
	if w.All {
		w = Wrote{Law: law, All: true}
	}
	return w
}

func distinct[T ~int | ~int64](of []T) []T {
	of = slices.Clone(of)
	slices.Sort(of)
	return slices.Compact(of)
}

// Follow forgets what another process has written, by the document of its [Memo.Wrote], and knows of it
// where the audit goes on: what says nothing, or what this build cannot read, is everything.
func (m *Memo) Follow(document []byte) {
	var w Wrote
	unknown := func(k kind) bool { return k < 0 || k >= kinds }
	if json.Unmarshal(document, &w) != nil || w.Law != law || w.All || slices.ContainsFunc(w.Kinds, unknown) {
		m.forgetAll()
		return
	}
	m.forget(w.Kinds...)
	for _, id := range w.Tokens {
		m.forgetToken(id)
	}
	for _, l := range w.Locators {
		delete(m.rows[tokens], l)
	}
	for _, id := range w.Secrets {
		delete(m.rows[secrets], id)
	}
	for _, t := range w.Tips {
		delete(m.rows[tips], t.Workspace)
		if t.Sequence > 0 {
			m.put(tips, t.Workspace, answer[ledger.AuditTip]{value: t.AuditTip})
		}
	}
	m.Keep() // it stands, whatever becomes of the batch that follows
}

// writes forgets every answer of a kind, here and elsewhere.
func (m *Memo) writes(of ...kind) {
	m.wrote.Kinds = append(m.wrote.Kinds, of...)
	m.forget(of...)
}

// writesAll forgets everything, here and elsewhere.
func (m *Memo) writesAll() {
	m.wrote.All = true
	m.forgetAll()
}

// writesToken forgets a token by its row, here and elsewhere.
func (m *Memo) writesToken(id ledger.ID) {
	m.wrote.Tokens = append(m.wrote.Tokens, id)
	m.forgetToken(id)
}

// writesSecrets forgets the secrets of a token, here and elsewhere.
func (m *Memo) writesSecrets(of ledger.ID) {
	m.wrote.Secrets = append(m.wrote.Secrets, of)
	delete(m.rows[secrets], of)
}

// writesLocator forgets who is found by a locator, or that nobody is, here and elsewhere.
func (m *Memo) writesLocator(l token.Locator) {
	m.wrote.Locators = append(m.wrote.Locators, l)
	delete(m.rows[tokens], l)
}

// writesTip forgets the end of a workspace's audit, here and elsewhere.
func (m *Memo) writesTip(workspace ledger.ID) {
	m.wrote.Tips = append(m.wrote.Tips, tip{Workspace: workspace})
	delete(m.rows[tips], workspace)
}
