package verify

import (
	"encoding/json"
	"math"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/token"
)

// Decision is the answer to a [Request]: a value its caller keeps on the stack.
// What it points to is shared and only read.
type Decision struct {
	// Code is CodeOK, or the first reason to refuse.
	Code api.Code
	// Matched says that the secret was right, so that whoever presented it may be
	// told why. Everything below Kind is set only then.
	Matched bool
	// Revision is one whose changes, and all before, the decision has in it.
	Revision int64
	// At is when it was decided, by the engine's clock.
	At time.Time
	// Locator, Prefix and Kind are those of the string that was presented, also
	// of an unknown token. Prefix is "" when it is not one of this instance.
	Locator token.Locator
	Prefix  token.Prefix
	Kind    token.Kind

	// SecretNumber is the number of the secret that was presented.
	SecretNumber int
	// Tracked says that its first use is still to be committed, which whoever
	// counts this as a use has to do before it answers.
	Tracked bool
	// CreatedAt is in whole seconds. NotBefore and ExpiresAt are zero when the token
	// has no such bound; RetiresAt is the end of the secret's overlap, zero for the
	// current secret.
	CreatedAt, NotBefore, ExpiresAt, RetiresAt time.Time
	// Metadata is a JSON object, or nil.
	Metadata json.RawMessage
	// Owner and Workspace are those of the token. Of an owner that is gone there
	// is the key alone.
	Owner     *Owner
	Workspace *Workspace
	// Rights are what the token may do now.
	Rights *Rights
	// Lasts is how long nothing but a change makes it another one, of a token whose life was
	// judged; [Forever] when only that does.
	Lasts time.Duration
	// Addressed says that the token is accepted from some addresses alone.
	Addressed bool
	// Rate is set when the limits were asked: with CodeOK, CodeCostExceedsLimit and
	// CodeRateLimited. It is one of TokenRate, the token's own, and WorkspaceRate, which all of the
	// workspace's tokens share.
	Rate, TokenRate, WorkspaceRate Rate

	// Start is what the string of another system begins with, and Foreign says that it was one
	// that was presented.
	Start   string
	Foreign bool
	// Derived says that it was a derived token; Rights and ExpiresAt are what its terms leave.
	Derived bool

	label     [inlineLabel]byte
	labelLen  uint8
	longLabel string
}

// Forever is longer than anything lasts.
const Forever = time.Duration(math.MaxInt64)

// Keeps says whether somebody who is told of changes may decide by the token's rights, for
// as long as it lasts: it is allowed, and no limit, address, first use or terms of its own have to be asked about.
func (d *Decision) Keeps() bool {
	return d.Allowed() && d.Lasts > 0 && !d.Addressed && !d.Tracked && !d.Derived && !d.TokenRate.Limited && !d.WorkspaceRate.Limited
}

// Allowed reports whether the request may pass.
func (d *Decision) Allowed() bool { return d.Code == api.CodeOK }

// Label returns the token's label.
func (d *Decision) Label() string {
	if d.longLabel != "" {
		return d.longLabel
	}
	return string(d.label[:d.labelLen])
}

// AppendLabel appends the token's label to b, without allocating where b has room.
func (d *Decision) AppendLabel(b []byte) []byte {
	if d.longLabel != "" {
		return append(b, d.longLabel...)
	}
	return append(b, d.label[:d.labelLen]...)
}

// Missing returns those of the scopes that the token holds nowhere. Ask with the
// request's scopes when Code is CodeInsufficientScope.
func (d *Decision) Missing(scopes []string) []string {
	if d.Rights == nil {
		return nil
	}
	return d.Rights.Missing(scopes)
}

// moment is a time in µs, or zero for a bound that is not set.
func moment(micros int64) time.Time {
	if micros == never || micros == always {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// tell writes down whom the holder of the secret may know of.
func (d *Decision) tell(k *known, s *match, b *binding) {
	d.Matched, d.SecretNumber, d.Tracked = true, s.number, s.tracked
	d.CreatedAt = time.Unix(int64(k.created), 0).UTC()
	d.NotBefore, d.ExpiresAt, d.RetiresAt = moment(k.notBefore), moment(k.expiresAt), moment(s.retiresAt)
	d.label, d.labelLen = k.label, k.labelLen
	if k.more != nil {
		d.longLabel, d.Metadata = k.more.label, k.more.metadata
	}
	d.Owner, d.Workspace, d.Rights = b.who, b.where, b.rights
}
