package scim

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// Root is where the addresses of SCIM begin.
const Root = "/scim/v2"

// Media is the type of what is answered; application/json is taken too.
const Media = "application/scim+json"

// MaxBody bounds a request: a thousand members with all that vendors write about each.
const MaxBody = 1 << 20

// Request is a request as a door read it.
type Request struct {
	Method string
	// Path is what follows [Root], as it was sent; Query is not taken apart yet.
	Path, Query string
	Body        []byte
	// IfMatch and IfNoneMatch are the lines of these headers.
	IfMatch, IfNoneMatch string
	// Base is the address of [Root], Help that of the guide, Workspace the caller's own.
	Base, Help, Workspace string
}

// Answer is what is answered.
type Answer struct {
	Status int
	// Body is nil for none.
	Body []byte
	// Tag and Location are headers; empty for none. Revision, when not 0, is the change's.
	Tag, Location string
	// Allow is the header beside the refusal of a method (RFC 9110, 15.5.6).
	Allow    string
	Revision int64
}

// frame is what all resources of an answer have in common.
type frame struct{ base, help, workspace string }

// AnswerDirectory answers a request of a directory. Who may what, the verbs behind it decide.
func (s *Scim) AnswerDirectory(ctx context.Context, c authority.Caller, r Request) (Answer, error) {
	f := frame{r.Base, r.Help, r.Workspace}
	endpoint, id, _ := strings.Cut(strings.Trim(r.Path, "/"), "/")
	if r.Method == http.MethodGet {
		return s.show(ctx, c, f, endpoint, id, r)
	}
	match := readCondition(r.IfMatch)
	if match.given && (id == "" || endpoint != "Users" && endpoint != "Groups") {
		return Answer{}, fault(invalidValue, "If-Match is about one user or group that is there")
	}
	if endpoint == "Users" && match.given {
		c.Expected = authority.Expected{Given: true, Any: match.any, Revisions: match.revisions()}
	}
	var d document
	var rev int64
	var err error
	status := http.StatusOK
	switch at := r.Method + " " + endpoint; {
	case strings.Contains(id, "/"):
		return nothing(endpoint, id)
	case id == "" && at == "POST Users":
		status = http.StatusCreated
		d, rev, err = s.postUser(ctx, c, f, r.Body)
	case id == "" && at == "POST Groups":
		status = http.StatusCreated
		d, rev, err = s.postGroup(ctx, c, f, r.Body)
	case id != "" && (at == "PUT Users" || at == "PATCH Users"):
		d, rev, err = s.editUser(ctx, c, f, id, r)
	case id != "" && (at == "PUT Groups" || at == "PATCH Groups"):
		d, rev, err = s.editGroup(ctx, c, f, id, r, match)
	case id != "" && at == "DELETE Users":
		rev, err = s.removeUser(ctx, c, r.Workspace, id)
	case id != "" && at == "DELETE Groups":
		rev, err = s.removeGroup(ctx, c, f, id, match)
	default:
		return nothing(endpoint, id)
	}
	if err != nil {
		return Answer{}, err
	}
	if d == nil {
		return Answer{Status: http.StatusNoContent, Revision: rev}, nil
	}
	a, err := resource(status, d)
	a.Revision = rev
	return a, err
}

// nothing refuses a method where there is something, and a path where there is nothing.
func nothing(endpoint, id string) (a Answer, err error) {
	switch {
	case strings.Contains(id, "/") || endpoint == "ServiceProviderConfig" && id != "":
	case endpoint == "Users" || endpoint == "Groups":
		a.Allow = word(id == "", "GET, POST", "GET, PUT, PATCH, DELETE")
	case endpoint == "Schemas" || endpoint == "ResourceTypes" || endpoint == "ServiceProviderConfig":
		a.Allow = http.MethodGet
	}
	if a.Allow == "" {
		return a, api.Errorf(api.CodeNotFound, "there is nothing at this path")
	}
	return a, api.Errorf(api.CodeMethodNotAllowed, "this path does not take this method, but %s", a.Allow)
}

// show answers what is only read.
func (s *Scim) show(ctx context.Context, c authority.Caller, f frame, endpoint, id string, r Request) (Answer, error) {
	of := userAttributes()
	if endpoint == "Groups" {
		of = groupAttributes()
	}
	if endpoint != "Users" && endpoint != "Groups" {
		return s.describe(ctx, c, f, endpoint, id, r.Query)
	}
	q, err := readQuery(r.Query, of)
	if err != nil {
		return Answer{}, err
	}
	var p page
	var d document
	switch {
	case endpoint == "Users" && id == "":
		p, err = s.listUsers(ctx, c, f, q)
	case endpoint == "Groups" && id == "":
		p, err = s.listGroups(ctx, c, f, q)
	case endpoint == "Users":
		d, err = s.getUser(ctx, c, f, id)
	default:
		d, err = s.getGroup(ctx, c, f, id)
	}
	if err != nil {
		return Answer{}, err
	}
	if id == "" {
		return encoded(http.StatusOK, p.document())
	}
	a, err := resource(http.StatusOK, d)
	if err != nil {
		return a, err
	}
	if readCondition(r.IfNoneMatch).is(a.Tag) {
		return Answer{Status: http.StatusNotModified, Tag: a.Tag}, nil
	}
	b, err := encoded(http.StatusOK, q.shown(d))
	a.Body = b.Body
	return a, err
}

// describe answers what SCIM says of itself, to whoever may read members.
func (s *Scim) describe(ctx context.Context, c authority.Caller, f frame, endpoint, id, query string) (Answer, error) {
	all := map[string][]document{"Schemas": f.schemas(), "ResourceTypes": f.resourceTypes(), "ServiceProviderConfig": {f.provider()}}[endpoint]
	if all == nil {
		return nothing(endpoint, id)
	}
	err := s.in.Read(ctx, func(r *authority.Snapshot) error {
		_, _, err := s.in.Enter(r, c, f.workspace, "members:read")
		return err
	})
	switch {
	case err != nil:
		return Answer{}, err
	case strings.Contains(strings.ToLower(query), "filter="):
		return Answer{}, api.Errorf(api.CodeForbidden, "this is not filtered (RFC 7644, section 4)")
	case endpoint == "ServiceProviderConfig" && id == "":
		return encoded(http.StatusOK, all[0])
	case id == "":
		return encoded(http.StatusOK, listOf(all, len(all), 1))
	}
	for _, d := range all {
		if d["id"] == id {
			return encoded(http.StatusOK, d)
		}
	}
	return Answer{}, authority.NotFound()
}

func (s *Scim) postUser(ctx context.Context, c authority.Caller, f frame, body []byte) (document, int64, error) {
	want, err := readUser(body)
	if err != nil {
		return nil, 0, err
	}
	m, rev, err := s.createUser(ctx, c, f.workspace, want)
	return f.user(m, []document{}), rev, err
}

func (s *Scim) postGroup(ctx context.Context, c authority.Caller, f frame, body []byte) (document, int64, error) {
	want, err := readGroup(body)
	if err != nil {
		return nil, 0, err
	}
	return s.createGroup(ctx, c, f, want)
}

func (s *Scim) editUser(ctx context.Context, c authority.Caller, f frame, id string, r Request) (document, int64, error) {
	read := readUserPatch
	if r.Method == http.MethodPut {
		read = readUser
	}
	want, err := read(r.Body)
	if err != nil {
		return nil, 0, err
	}
	want.whole = r.Method == http.MethodPut
	return s.changeUser(ctx, c, f, id, want)
}

func (s *Scim) editGroup(ctx context.Context, c authority.Caller, f frame, id string, r Request, match condition) (document, int64, error) {
	read := readGroupPatch
	if r.Method == http.MethodPut {
		read = readGroup
	}
	want, err := read(r.Body)
	if err != nil {
		return nil, 0, err
	}
	return s.changeGroup(ctx, c, f, id, want, match)
}

// resource answers one resource, with the headers that its meta says.
func resource(status int, d document) (Answer, error) {
	a, err := encoded(status, d)
	if meta, ok := d["meta"].(document); ok && err == nil {
		a.Tag, _ = meta["version"].(string)
		a.Location, _ = meta["location"].(string)
	}
	return a, err
}

func encoded(status int, d document) (Answer, error) {
	b, err := json.Marshal(d)
	return Answer{Status: status, Body: b}, err
}
