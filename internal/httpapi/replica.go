package httpapi

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/netip"
	"strconv"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/cluster"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// Replicas are the programs that verify from their own memory, as [cluster.Replicas].
type Replicas interface {
	Attach(v cluster.View) (cluster.Told, error)
	Call(ctx context.Context, replica string, v cluster.View, applied int64) (cluster.Told, error)
	Detach(replica string, v cluster.View)
	Counted(replica string, v cluster.View) (int64, bool)
	Names(d *verify.Decision) cluster.Names
}

// CountedUse is so many uses of a secret that somebody decided about from memory.
type CountedUse struct {
	At        time.Time
	Workspace int64
	Token     token.Locator
	Secret    int
	Count     int64
	Scopes    []string
	Resource  string
	Addr      netip.Addr
	// Agent, Method and Path are as the program saw them.
	Agent, Method, Path string
}

const (
	// keepsFor bounds how long a replica goes on without asking again.
	keepsFor = 5 * time.Minute
	// maxUses bounds one call that tells of uses, and maxAgo how late it is told.
	maxUses = 1000
	maxAgo  = 10 * time.Minute
	// mostCounted is more than one program can have done meanwhile.
	mostCounted = 1 << 32
)

func replicaRoutes() []Route {
	access := needs("tokens:verify", "instance:verify").
		Noting("tokens:verify is told of the caller's own workspace; instance:verify of all.")
	hold := route("POST", "/v1/replica", access, "Hold a lease by which a program verifies from its own memory",
		typed[api.ReplicaCall, api.ReplicaTold]((*call).replica)).
		saying("For the SDK, which says how in its documentation. The call is held until there is something to forget, or for a quarter of a lease.")
	ask := route("POST", "/v1/replica/verify", access, "Ask whether a token may do something now, and what of the answer may be kept",
		typed[api.ReplicaVerify, api.ReplicaResult]((*call).replicaVerify)).
		saying("As POST /v1/verify. keep is null for what has to be asked each time: refusals, limits, allow-lists, first uses, and at a node that does not know the replica.")
	uses := route("POST", "/v1/replica/uses", access, "Tell what was allowed from memory",
		typed[api.ReplicaUses, api.ReplicaCounted]((*call).replicaUses)).
		saying("At most 1,000 entries. Uses are counted for their tokens as if each had been asked about.")
	rts := []Route{hold, ask, uses}
	for i := range rts {
		rts[i].Timeout, rts[i].Frequent = 0, true
	}
	rts[0].MaxBody, rts[1].MaxBody = smallBody, smallBody
	return group("Verify", rts...)
}

// view is whose replica the caller's is.
func (c *call) view(who asker) (cluster.View, error) {
	if c.s.replicas == nil {
		return cluster.View{}, api.Errorf(api.CodeUnavailable, "this server takes no replicas")
	}
	return cluster.View{Token: c.caller.Token, Home: who.home.ID, Everywhere: who.everywhere}, nil
}

// asReplica reads a call of a replica.
func (c *call) asReplica(in any) (who asker, v cluster.View, err error) {
	if who, err = c.asker(); err != nil {
		return who, v, err
	}
	if v, err = c.view(who); err != nil {
		return who, v, err
	}
	return who, v, c.decodePlain(in)
}

// replica renews a lease. The caller is looked at once more when the call was held.
func (c *call) replica() (answer, error) {
	var in api.ReplicaCall
	_, v, err := c.asReplica(&in)
	if err != nil {
		return answer{}, err
	}
	if in.Leave {
		c.s.replicas.Detach(in.Replica, v)
		return answer{body: toldReplica(cluster.Told{Replica: in.Replica})}, nil
	}
	var told cluster.Told
	if in.Replica == "" {
		told, err = c.s.replicas.Attach(v)
	} else {
		told, err = c.s.replicas.Call(c.ctx, in.Replica, v, in.Applied)
	}
	if err == nil {
		_, err = c.asker()
	}
	return answer{body: toldReplica(told)}, notAttached(err)
}

func notAttached(err error) error {
	switch {
	case errors.Is(err, cluster.ErrNoReplica):
		return api.Errorf(api.CodeUnknownReplica, "this node knows no such replica of this token")
	case errors.Is(err, cluster.ErrTooManyReplicas):
		e := api.Errorf(api.CodeTooManyReplicas, "as many replicas of the token, its workspace or this node are attached as may be")
		e.RetryAfter = 5 * time.Second
		return e
	}
	return err
}

func toldReplica(t cluster.Told) api.ReplicaTold {
	names := make([]string, len(t.Forget))
	for i, n := range t.Forget {
		names[i] = string(n)
	}
	return api.ReplicaTold{Replica: t.Replica, Count: t.Count, All: t.All, Forget: names, LeaseMS: t.Lease.Milliseconds()}
}

// replicaVerify decides, and says what of it may be kept. The count is taken before.
func (c *call) replicaVerify() (answer, error) {
	var in api.ReplicaVerify
	who, v, err := c.asReplica(&in)
	if err != nil {
		return answer{}, err
	}
	if c.question, err = c.questionOf(who, &in.Request, "request."); err != nil {
		return answer{}, err
	}
	count, known := c.s.replicas.Counted(in.Replica, v)
	d := &c.decision
	if err := c.decide(&c.question, d, useOf(in.Request.Client)); err != nil {
		return answer{}, err
	}
	w := resultWriter{b: append(c.out.AvailableBuffer(), `{"result":`...)}
	w.result(d, in.Request.Scopes, c.id)
	w.raw(`,"keep":`)
	keep := []byte("null")
	if known && d.Keeps() {
		if keep, err = json.Marshal(c.keep(count, d)); err != nil {
			return answer{}, err
		}
	}
	c.out.Write(append(append(w.b, keep...), '}'))
	return answer{raw: c.out.Bytes(), media: door.JSON}, nil
}

// keep is what is decided by.
func (c *call) keep(count int64, d *verify.Decision) api.ReplicaKeep {
	names := c.s.replicas.Names(d)
	k := api.ReplicaKeep{
		Count: count, Token: string(names.Token), Owner: string(names.Owner), Workspace: string(names.Workspace),
		NamesAny: d.Workspace.NamesAny, LastsMS: min(d.Lasts, keepsFor).Milliseconds(), Grants: []api.Statement{}, Use: c.s.usedLater(d),
	}
	for _, s := range d.Rights.Grant.Statements() {
		k.Grants = append(k.Grants, api.Statement{Scopes: s.Scopes, Resources: s.Resources})
	}
	return k
}

// besideUse is what a sealed use is bound to.
const besideUse = "a secret that was kept"

// usedLater names the secret of a decision for when its uses are told.
func (s *server) usedLater(d *verify.Decision) string {
	b := append([]byte{}, d.Locator[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(d.Workspace.ID))
	b = binary.BigEndian.AppendUint32(b, uint32(d.SecretNumber))
	return s.uses.seal(b, []byte(besideUse))
}

// secretUsed is what usedLater named; false for what nobody knows.
func (s *server) secretUsed(name string) (u CountedUse, ok bool) {
	b, _, ok := s.uses.unseal(name, []byte(besideUse))
	if !ok || len(b) != token.LocatorLength+12 {
		return u, false
	}
	u.Token = token.Locator(b[:token.LocatorLength])
	b = b[token.LocatorLength:]
	u.Workspace, u.Secret = int64(binary.BigEndian.Uint64(b)), int(binary.BigEndian.Uint32(b[8:]))
	return u, true
}

// replicaUses counts. What the caller may not see any more is left out.
func (c *call) replicaUses() (answer, error) {
	var in api.ReplicaUses
	who, _, err := c.asReplica(&in)
	if err != nil {
		return answer{}, err
	}
	if n := len(in.Uses); n == 0 || n > maxUses {
		return answer{}, api.FieldError("uses", "must have 1 to "+strconv.Itoa(maxUses)+" entries")
	}
	for i := range in.Uses {
		if err := checkUse(&in.Uses[i]); err != nil {
			return answer{}, err
		}
	}
	var counted api.ReplicaCounted
	for i := range in.Uses {
		u, ok := c.s.secretUsed(in.Uses[i].Use)
		if !ok || !who.everywhere && u.Workspace != who.home.ID {
			continue
		}
		c.countUse(u, &in.Uses[i])
		counted.Counted += in.Uses[i].Count
	}
	return answer{body: counted}, nil
}

func checkUse(u *api.ReplicaUse) error {
	if err := checkNeeds("uses.", u.Scopes, u.Resource); err != nil {
		return err
	}
	if u.Count < 1 || u.Count > mostCounted || u.AgoMS < 0 {
		return api.FieldError("uses.count", "and ago_ms must be positive")
	}
	if u.Client != nil && u.Client.IP != "" {
		if _, err := netip.ParseAddr(u.Client.IP); err != nil {
			return api.FieldError("uses.client.ip", "must be an IP address")
		}
	}
	return nil
}

func (c *call) countUse(u CountedUse, in *api.ReplicaUse) {
	if c.s.counted == nil {
		return
	}
	u.At = c.s.now().Add(-time.Duration(min(in.AgoMS, maxAgo.Milliseconds())) * time.Millisecond)
	u.Count, u.Scopes, u.Resource = in.Count, in.Scopes, in.Resource
	if in.Client != nil {
		addr, _ := netip.ParseAddr(in.Client.IP)
		u.Addr, u.Agent, u.Method, u.Path = addr.Unmap(), in.Client.UserAgent, in.Client.Method, in.Client.Path
	}
	c.s.counted(u)
}
