package console

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
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
	v.section = "audit"
	rows, next, err := v.auth.Audit(v.ctx(), v.caller, v.at.Slug, v.auditFilter(), v.paged())
	if err != nil {
		return err
	}
	return v.page("Audit", auditPage(v, v.ws("audit"), rows, v.after(next)))
}

// auditExport answers all that the filter keeps, as CSV or NDJSON.
func (v *visit) auditExport() error {
	f, page := v.auditFilter(), authority.Page{Limit: 200}
	rows, next, err := v.auth.Audit(v.ctx(), v.caller, v.at.Slug, f, page)
	if err != nil {
		return err
	}
	put := v.exporter()
	for {
		for _, e := range rows {
			if err := put(e); err != nil {
				return errAnswered
			}
		}
		if next == 0 {
			return errAnswered
		}
		page.After = next
		if rows, next, err = v.auth.Audit(v.ctx(), v.caller, v.at.Slug, f, page); err != nil {
			v.Logger.ErrorContext(v.ctx(), "audit export cut short", "error", err)
			panic(http.ErrAbortHandler) // an export that ends early must not look whole
		}
	}
}

// exporter begins the answer and writes one event after the other.
func (v *visit) exporter() func(api.AuditEvent) error {
	h := v.w.Header()
	name := "audit-" + v.at.Slug + "-" + v.now().Format("2006-01-02")
	if v.q("format") != "csv" {
		h.Set("Content-Type", "application/x-ndjson")
		h.Set("Content-Disposition", `attachment; filename="`+name+`.ndjson"`)
		enc := json.NewEncoder(v.w)
		return func(e api.AuditEvent) error { return enc.Encode(e) }
	}
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	w := csv.NewWriter(v.w)
	_ = w.Write([]string{"sequence", "at", "action", "actor", "actor_token", "on_behalf", "ip", "target", "token", "request_id", "hash"})
	return func(e api.AuditEvent) error {
		row := []string{strconv.FormatInt(e.Sequence, 10), iso(e.At), e.Action, e.Actor, text(e.ActorToken), text(e.OnBehalf), text(e.IP), e.Target, text(e.Token), e.RequestID, e.Hash}
		for i := range row {
			row[i] = relax(row[i])
		}
		err := w.Write(row)
		w.Flush()
		return err
	}
}

// relax keeps a spreadsheet from taking a cell for a formula.
func relax(s string) string {
	if s != "" && strings.ContainsAny(s[:1], "=+-@\t\r") {
		return "'" + s
	}
	return s
}

// exportLink leads to the export of what the page is filtered to.
func (v *visit) exportLink(format string) string {
	q := v.r.URL.Query()
	q.Del("after")
	q.Set("format", format)
	return v.ws("audit", "export") + "?" + q.Encode()
}
