package httpapi

import (
	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/reference"
)

func auditRoutes() []Route {
	return group("Audit", append(
		auditPair("/v1/workspaces/{ws}/audit", needs("audit:read"), "a workspace's", workspaceAudit),
		auditPair("/v1/instance/audit", instance(), "the instance's own", instanceAudit)...)...)
}

// auditRead reads one page of a chain of events.
type auditRead func(*call, api.AuditFilter, authority.Page) ([]api.AuditEvent, int64, error)

func workspaceAudit(c *call, f api.AuditFilter, p authority.Page) ([]api.AuditEvent, int64, error) {
	return c.s.authority.Audit(c.ctx, c.caller, c.path("ws"), f, p)
}

func instanceAudit(c *call, f api.AuditFilter, p authority.Page) ([]api.AuditEvent, int64, error) {
	return c.s.authority.InstanceAudit(c.ctx, c.caller, f, p)
}

func auditPair(path string, access reference.Access, whose string, read auditRead) []Route {
	listing := route("GET", path, access, "List "+whose+" events, newest first",
		list(func(c *call, p authority.Page) ([]api.AuditEvent, int64, error) {
			return read(c, c.auditFilter(), p)
		})).taking(auditParams()...)
	export := route("GET", path+"/export", access, "Export "+whose+" events, newest first",
		endpoint{run: func(c *call) (answer, error) { return c.auditExport(read), nil }}).
		taking(auditParams()...).taking(reference.Param{Name: "format", OneOf: []string{"ndjson", "csv"}, Description: "ndjson when left out."}).
		answering(door.NDJSON, door.CSV)
	export.Timeout = exportTime
	return []Route{listing, export}
}

func auditParams() []reference.Param {
	return []reference.Param{
		{Name: "token", Description: "The id or locator of a token that the event is about. Never the token itself."},
		{Name: "with", Description: "The id or locator of the token that it was done with."},
		{Name: "actor", Description: "The address of who did it."},
		{Name: "action", Description: "What was done, like token.created, or token.* for all that begin so."},
		{Name: "from", Kind: reference.Time, Description: "Not before this time."},
		{Name: "to", Kind: reference.Time, Description: "Before this time."},
	}
}

func (c *call) auditFilter() api.AuditFilter {
	return api.AuditFilter{Token: c.text("token"), With: c.text("with"), Actor: c.text("actor"), Action: c.text("action"), From: c.time("from"), To: c.time("to")}
}

func (c *call) auditExport(read auditRead) answer {
	f := c.auditFilter()
	page := func(p authority.Page) ([]api.AuditEvent, int64, error) { return read(c, f, p) }
	if c.text("format") == "csv" {
		return table(page, eventColumns(), eventRow)
	}
	return ndjson(page, audit.AppendEvent)
}
