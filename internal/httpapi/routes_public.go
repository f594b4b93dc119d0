package httpapi

import (
	"errors"
	"reflect"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/reference"
	"github.com/tokenry/tokenry/token"
)

// forChanges is what /readyz can be asked for.
const forChanges = "changes"

// health is the answer of the two routes that orchestrators poll.
type health struct {
	Status string `json:"status"`
	// Clock is "unsettled" while nothing can be given.
	Clock string `json:"clock,omitempty"`
	// Rules is "differ" while another node has other files of rules.
	Rules string `json:"rules,omitempty"`
	// Limits is "unreachable" while nobody counts rate limits for all nodes.
	Limits string `json:"limits,omitempty"`
	// AuditStream is "failing" on the node that streams, while a receiver does not take it.
	AuditStream string `json:"audit_stream,omitempty"`
}

func publicRoutes() []Route {
	rts := []Route{
		route("GET", "/healthz", public(), "Whether the process runs",
			get(func(*call) (health, error) { return health{Status: "ok"}, nil })),
		route("GET", "/readyz", public(), "Whether requests can be served: tokens are verified, and the database answers",
			get((*call).readiness)).taking(reference.Param{Name: "for", OneOf: []string{forChanges},
			Description: "changes asks whether changes can be committed too; left out, reading is enough."}).
			saying("When not, it is 503 unavailable, and reasons lists why: stopping, database_unreachable, no_lease, key_missing, changes_not_committed, clock_unsettled."),
		route("GET", "/.well-known/token-format", public(), "What a token string looks like, for scanners of secrets",
			endpoint{out: reflect.TypeFor[token.Format](), run: (*call).tokenFormat}),
		page("/openapi.json", door.JSON, "This API as an OpenAPI 3.1 document", func(p reference.Pages, _ *call) []byte { return p.OpenAPI }),
		page("/openapi-3.0.json", door.JSON, "The same as an OpenAPI 3.0 document, for generators that read no other", func(p reference.Pages, _ *call) []byte { return p.OpenAPI30 }),
		page(docsPath, door.HTML, "This API as a page to read", func(p reference.Pages, _ *call) []byte { return p.Calls }),
		page("/errors", door.HTML, "All codes of errors", func(p reference.Pages, _ *call) []byte { return p.Codes }),
		page("/errors/{code}", door.HTML, "What a code means, and what to do", func(p reference.Pages, c *call) []byte { return p.Code[api.Code(c.path("code"))] }),
	}
	rts[0].Frequent, rts[1].Frequent = true, true
	return group("Service", rts...)
}

// docsPath is the page that runs a script.
const docsPath = "/docs"

// page is a route whose answers are made once; nil is not found.
func page(path, media, summary string, find func(reference.Pages, *call) []byte) Route {
	rt := route("GET", path, public(), summary, endpoint{run: func(c *call) (answer, error) {
		pages, err := c.s.pages()
		if err != nil {
			return answer{}, err
		}
		raw := find(pages, c)
		if raw == nil {
			return answer{}, api.Errorf(api.CodeNotFound, "there is nothing at this path")
		}
		if media == door.HTML {
			policy := pages.Policy
			if path == docsPath {
				policy = pages.CallsPolicy
			}
			c.w.Header()["Content-Security-Policy"] = []string{policy}
		}
		return answer{raw: raw, media: media, lasting: true}, nil
	}})
	return rt.answering(media)
}

// Unready is one thing that stands in the way of serving.
type Unready struct {
	// Reason is a word for programs, of those below or of whoever asks to be heard.
	Reason string
	// Err is for the log.
	Err error
}

// The reasons that a server is not ready for.
const (
	Stopping   = "stopping"
	NoDatabase = "database_unreachable"
	NoChanges  = "changes_not_committed"
	NoTime     = "clock_unsettled" // of changes: what gives is refused
	NoLease    = "no_lease"        // the node cannot prove that it knows every change
	NoKey      = "key_missing"     // live tokens are under a key that the node does not have
)

// readiness is about reading, or with for=changes about changes too.
func (c *call) readiness() (health, error) {
	why := c.s.ready(c.ctx, c.text("for") == forChanges)
	if len(why) == 0 {
		h := health{Status: "ready"}
		if _, unsettled := c.s.authority.Unsettled(); unsettled {
			h.Clock = "unsettled"
		}
		if c.s.rulesDiffer() {
			h.Rules = "differ"
		}
		if c.s.engine.Tally().Away {
			h.Limits = "unreachable"
		}
		if c.s.unstreamed() {
			h.AuditStream = "failing"
		}
		return h, nil
	}
	reasons, causes := make([]string, len(why)), make([]error, len(why))
	for i, w := range why {
		reasons[i], causes[i] = w.Reason, w.Err
	}
	e := api.Errorf(api.CodeUnavailable, "not ready: %s", strings.Join(reasons, ", "))
	e.Reasons = reasons
	return health{}, e.Wrap(errors.Join(causes...))
}

func (c *call) tokenFormat() (answer, error) {
	prefixes, err := c.s.authority.Prefixes(c.ctx)
	return answer{body: token.Describe(prefixes...), lasting: true}, err
}
