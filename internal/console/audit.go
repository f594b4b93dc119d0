package console

import (
	"encoding/csv"
	"encoding/json"
	"strconv"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/phrase"
)

// auditFilter reads what the audit is narrowed to.
func (v *visit) auditFilter() api.AuditFilter {
	f := api.AuditFilter{Token: v.q("token"), Actor: v.q("actor"), Action: v.q("action")}
	f.From, _ = time.Parse("2006-01-02", v.q("from")) // what is no date does not narrow
	if to, err := time.Parse("2006-01-02", v.q("to")); err == nil {
		f.To = to.Add(24 * time.Hour)
	}
	return f
}

func (v *visit) audit() error {
	l := v.auditLog()
	v.section = l.section
	rows, next, err := l.read(v.auditFilter(), v.paged())
	if err != nil {
		return err
	}
	var chain *audit.Chain
	if v.q("check") == "chain" {
		if chain, err = v.checkChain(); err != nil {
			return err
		}
	}
	return v.page("Audit", auditPage(v, l.at, rows, v.after(next), chain))
}

// checkedLinks are so many as are looked at while somebody waits.
const checkedLinks = 10_000

// checkChain looks at the end of the chain of the page's audit.
func (v *visit) checkChain() (*audit.Chain, error) {
	of := ""
	if v.at != nil {
		of = v.at.Slug
	}
	c, err := v.auth.CheckAudit(v.ctx(), v.caller, of, checkedLinks)
	if c.Broken != "" {
		v.Logger.ErrorContext(v.ctx(), "the audit is not whole", "chain", c.Name, "broken", c.Broken)
	}
	return &c, err
}

// auditLog is the audit that a page is about: a workspace's, or the instance's.
type auditLog struct {
	// at is the address of its page, name what an export is called after.
	at, section, name string
	read              func(api.AuditFilter, authority.Page) ([]api.AuditEvent, int64, error)
}

func (v *visit) auditLog() auditLog {
	if v.at == nil {
		return auditLog{"/instance/audit", "instance-audit", "instance", func(f api.AuditFilter, p authority.Page) ([]api.AuditEvent, int64, error) {
			return v.auth.InstanceAudit(v.ctx(), v.caller, f, p)
		}}
	}
	return auditLog{v.ws("audit"), "audit", v.at.Slug, func(f api.AuditFilter, p authority.Page) ([]api.AuditEvent, int64, error) {
		return v.auth.Audit(v.ctx(), v.caller, v.at.Slug, f, p)
	}}
}

// audited says that the audit is narrowed.
func (v *visit) audited() bool { return v.auditFilter() != api.AuditFilter{} }

// auditExport answers all that the filter keeps, as CSV or NDJSON.
func (v *visit) auditExport() error {
	f, l := v.auditFilter(), v.auditLog()
	var put func(api.AuditEvent) error // nil until there is something to answer
	for rows, err := range authority.Pages(func(p authority.Page) ([]api.AuditEvent, int64, error) { return l.read(f, p) }) {
		if err != nil && put == nil {
			return err
		}
		if err != nil {
			v.Logger.ErrorContext(v.ctx(), "audit export cut short", "error", err)
			door.Cut() // an export that ends early must not look whole
		}
		if put == nil {
			put = v.exporter(l.name)
		}
		for _, e := range rows {
			if err := put(e); err != nil {
				return errAnswered
			}
		}
	}
	return errAnswered
}

// exporter begins the answer and writes one event after the other.
func (v *visit) exporter(of string) func(api.AuditEvent) error {
	h := v.w.Header()
	name := "audit-" + of + "-" + v.now().Format("2006-01-02")
	if v.q("format") != "csv" {
		h.Set("Content-Type", door.NDJSON)
		h.Set("Content-Disposition", `attachment; filename="`+name+`.ndjson"`)
		enc := json.NewEncoder(v.w)
		return func(e api.AuditEvent) error { return enc.Encode(e) }
	}
	h.Set("Content-Type", door.CSV)
	h.Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	w := csv.NewWriter(v.w)
	_ = w.Write([]string{"sequence", "at", "action", "actor", "actor_token", "on_behalf", "ip", "target", "token", "request_id", "hash"})
	return func(e api.AuditEvent) error {
		row := []string{strconv.FormatInt(e.Sequence, 10), phrase.Iso(e.At), e.Action, e.Actor, phrase.Text(e.ActorToken), phrase.Text(e.OnBehalf), phrase.Text(e.IP), e.Target, phrase.Text(e.Token), e.RequestID, e.Hash}
		for i := range row {
			row[i] = door.Cell(row[i])
		}
		err := w.Write(row)
		w.Flush()
		return err
	}
}

// exportLink leads to the export of what the page is filtered to.
func (v *visit) exportLink(format string) string {
	q := v.r.URL.Query()
	q.Del("after")
	q.Del("check")
	q.Set("format", format)
	return v.auditLog().at + "/export?" + q.Encode()
}
