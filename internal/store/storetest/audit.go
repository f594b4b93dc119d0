package storetest

import (
	"slices"
	"testing"

	"github.com/tokenry/tokenry/internal/ledger"
)

// auditCases are about the chains that nobody may rewrite.
func auditCases() map[string]func(w *world) {
	return map[string]func(w *world){
		"each workspace has a chain of its own":   auditChains,
		"a link is never replaced":                auditIsAppended,
		"the audit is listed newest first":        auditList,
		"each filter keeps what it says":          auditFilters,
		"a payload is kept to the byte or erased": auditPayload,
	}
}

// chain appends n rows with a change to each and answers them.
func (w *world) chain(ws ledger.ID, n int, change func(row *ledger.AuditRow)) []ledger.AuditRow {
	w.Helper()
	var rows []ledger.AuditRow
	for i := range n {
		row := auditRow(ws, int64(i+1))
		if change != nil {
			change(&row)
		}
		rows = append(rows, row)
		w.do(func(tx ledger.Tx) error { return tx.AppendAudit(row) })
	}
	return rows
}

// auditChains: workspace 0 is the instance, which has a chain like any other.
func auditChains(w *world) {
	w.read(func(r ledger.Reader) {
		missing[ledger.AuditTip](w.T)(r.AuditTip(0))
		found(w.T, []ledger.AuditRow(nil))(r.AuditChain(0, 0, 0))
	})
	ws := w.putWorkspace(nil).ID
	w.read(func(r ledger.Reader) { found(w.T, []ledger.ID{ws})(r.AuditChains()) })
	instance, own := w.chain(0, 2, nil), w.chain(ws, 4, nil)
	w.read(func(r ledger.Reader) {
		for id, last := range map[ledger.ID]ledger.AuditRow{0: instance[1], ws: own[3]} {
			found(w.T, last.Tip())(r.AuditTip(id))
		}
		found(w.T, own)(r.AuditChain(ws, 0, 0))
		found(w.T, own[:3])(r.AuditChain(ws, 0, 3))
		found(w.T, own[2:])(r.AuditChain(ws, 2, 3))
		found(w.T, []ledger.ID{0, ws})(r.AuditChains())
	})
}

// auditIsAppended: whoever could replace a row could rewrite history.
func auditIsAppended(w *world) {
	rows := w.chain(0, 2, nil)
	w.refuse(ledger.ErrDuplicate, func(tx ledger.Tx) error {
		forged := rows[0]
		forged.Actor = "mallory"
		return tx.AppendAudit(forged)
	})
	w.read(func(r ledger.Reader) { found(w.T, rows)(r.AuditChain(0, 0, 0)) })
}

// auditList continues a page by the last sequence on it.
func auditList(w *world) {
	rows := w.chain(0, 4, nil)
	slices.Reverse(rows)
	w.read(func(r ledger.Reader) {
		found(w.T, rows)(r.Audit(0, ledger.AuditQuery{}))
		found(w.T, rows[:3])(r.Audit(0, ledger.AuditQuery{Limit: 3}))
		found(w.T, rows[3:])(r.Audit(0, ledger.AuditQuery{Limit: 3, Before: rows[2].Sequence}))
	})
}

// auditFilters: From is within, To is not, so that days join without overlap.
func auditFilters(w *world) {
	rows := w.chain(0, 6, func(row *ledger.AuditRow) {
		switch row.Sequence {
		case 2:
			row.Token = locatorOf(7).String()
		case 3:
			row.Actor, row.ActorToken = "bob@example.com", locatorOf(9).String()
		case 4:
			row.Action, row.Token = "token.revoke", locatorOf(7).String()
		}
	})
	w.chain(w.putWorkspace(nil).ID, 6, func(row *ledger.AuditRow) { row.Token = locatorOf(7).String() })
	bounds := func(before, since int64) func(int64, int64, error) {
		return func(b, s int64, err error) {
			if err != nil || b != before || s != since {
				w.Errorf("bounds %d and %d, %v; want %d and %d", b, s, err, before, since)
			}
		}
	}
	w.read(func(r ledger.Reader) {
		bounds(0, 0)(r.AuditBounds(0, ledger.AuditQuery{}, 2))
		bounds(0, 0)(r.AuditBounds(0, ledger.AuditQuery{Action: "token.revoke"}, 2))
		bounds(0, 0)(r.AuditBounds(0, ledger.AuditQuery{Action: "token.*"}, 2))
		bounds(4, 2)(r.AuditBounds(0, ledger.AuditQuery{To: at(4)}, 2)) // nothing above is that old
		bounds(3, 1)(r.AuditBounds(0, ledger.AuditQuery{To: at(4), Before: 3}, 2))
		bounds(0, 0)(r.AuditBounds(0, ledger.AuditQuery{From: at(4)}, 2)) // so few are read at once
	})
	for name, c := range map[string]struct {
		q    ledger.AuditQuery
		want []int64
	}{
		"token":          {ledger.AuditQuery{Token: locatorOf(7).String()}, []int64{4, 2}},
		"actor":          {ledger.AuditQuery{Actor: "bob@example.com"}, []int64{3}},
		"with":           {ledger.AuditQuery{With: locatorOf(9).String()}, []int64{3}},
		"with another":   {ledger.AuditQuery{With: locatorOf(3).String(), From: at(2)}, nil},
		"with, from":     {ledger.AuditQuery{With: locatorOf(9).String(), Actor: "bob@example.com", From: at(1), To: at(5)}, []int64{3}},
		"actor's case":   {ledger.AuditQuery{Actor: "Bob@example.com"}, nil},
		"action":         {ledger.AuditQuery{Action: "token.revoke"}, []int64{4}},
		"actions":        {ledger.AuditQuery{Action: "token.re*"}, []int64{4}},
		"any action":     {ledger.AuditQuery{Action: "*", Actor: "bob@example.com"}, []int64{3}},
		"no pattern":     {ledger.AuditQuery{Action: "token.%"}, nil},
		"from":           {ledger.AuditQuery{From: at(4)}, []int64{6, 5, 4}},
		"to":             {ledger.AuditQuery{To: at(4)}, []int64{3, 2, 1}},
		"from and to":    {ledger.AuditQuery{From: at(2), To: at(4)}, []int64{3, 2}},
		"from, further":  {ledger.AuditQuery{From: at(2), Before: 6, Limit: 2}, []int64{5, 4}},
		"all":            {ledger.AuditQuery{Token: locatorOf(7).String(), Actor: "ada@example.com", From: at(3), To: at(9)}, []int64{4}},
		"since":          {ledger.AuditQuery{Since: 5}, []int64{6, 5}},
		"actions, whole": {ledger.AuditQuery{Action: "token.revoke*"}, []int64{4}},
		"actions, two":   {ledger.AuditQuery{Action: "token.*", Before: 5, Limit: 2}, []int64{4, 3}},
		"action, from":   {ledger.AuditQuery{Action: "token.create", From: at(5)}, []int64{6, 5}},
		"nothing at all": {ledger.AuditQuery{Token: locatorOf(8).String()}, nil},
	} {
		w.Run(name, func(t *testing.T) {
			var want []ledger.AuditRow
			for _, sequence := range c.want {
				want = append(want, rows[sequence-1])
			}
			w.read(func(r ledger.Reader) { found(t, want)(r.Audit(0, c.q)) })
		})
	}
}

// auditPayload: the digest is over the bytes, so neither order nor escapes may
// change; an erased payload is nil.
func auditPayload(w *world) {
	rows := w.chain(0, 2, func(row *ledger.AuditRow) {
		if row.Sequence == 2 {
			row.Payload = []byte("{\"b\":1.0, \"a\":\"\\u0000 \u2028 <\U0001F511>\"}")
		}
	})
	w.read(func(r ledger.Reader) { found(w.T, rows)(r.AuditChain(0, 0, 0)) })
}
