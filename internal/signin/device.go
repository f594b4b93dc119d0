package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
)

// A command line signs in through the browser, as in RFC 8628: it starts,
// shows a short code, and polls; the person types that code where they are
// signed in. The token is made at the poll, in the person's name and by the
// rules of that moment, so it is nowhere but in the answer.

const (
	deviceFor = 10 * time.Minute
	// devicePollEvery is how long a program waits between two polls.
	devicePollEvery = 3 * time.Second
	// maxDevices is how many may wait at the same time, because starting needs no
	// account, and devicesEach how many of one neighbourhood are begun within the
	// time that one lives: it would take fifty and more of them to fill it.
	maxDevices  = 5000
	devicesEach = 50
	// userLetters are the consonants of RFC 8628: no words, no look-alikes.
	userLetters = "BCDFGHJKLMNPQRSTVWXZ"
)

// deviceRequest is what is kept of one.
type deviceRequest struct {
	// Name is what the program says that its machine is called.
	Name    string `json:"name"`
	Address string `json:"address"`
	Agent   string `json:"agent"`
	// State is empty, "approved", "denied", or [limited]: approved for some scopes.
	State     string `json:"state,omitempty"`
	Workspace string `json:"workspace,omitempty"`
	// Session is the one that approved it: what ends with it, does.
	Session string `json:"session,omitempty"`
	// Scopes, Lasts and Wanted, a workspace, are what the program asked for.
	Scopes []string      `json:"scopes,omitempty"`
	Lasts  time.Duration `json:"lasts,omitempty"`
	Wanted string        `json:"wanted,omitempty"`
}

// limited is what stands in the place of approved where the program asked for scopes: a
// node of a version that does not know of them makes no token then, rather than one that
// may do everything.
const limited = "limited"

// Devices signs programs in, for a [Service].
type Devices struct{ s *Service }

// DeviceStart begins one for a program on the machine that is named. From one
// place it can be done as often as a password can be tried, and a neighbourhood has
// its share of all that wait.
func (d Devices) DeviceStart(ctx context.Context, in api.DeviceAuthorizationRequest, from door.Client) (out api.DeviceAuthorization, err error) {
	r := deviceRequest{Name: deviceName(in.DeviceName), Agent: input.Clip(from.Agent, door.MaxAgent), Wanted: in.Workspace, Lasts: in.ExpiresIn.Std()}
	if r.Scopes, err = wantedRights(in); err != nil {
		return out, err
	}
	letters, err := d.s.letters(8)
	if err != nil {
		return out, err
	}
	t := d.s.newTry("device from "+from.Place(), from)
	if _, err := d.s.countFor(ctx, t, from, noUser); err != nil {
		return out, d.s.noDevice(err, reasonTooMany)
	}
	if from.Addr.IsValid() {
		r.Address = from.Addr.String()
	}
	err = d.s.authority.SignIn(ctx, callerAt(from), func(tx *office.SignInTx) error {
		if err := d.s.shareOfDevices(tx, from); err != nil {
			return err
		}
		n, err := tx.CountCodes("device", tx.Now(), maxDevices)
		if err != nil {
			return err
		}
		if n >= maxDevices {
			return crowded(deviceFor)
		}
		out.DeviceCode, err = d.s.putCode(tx, code{purpose: "device", life: deviceFor, alias: d.s.secrets.name("user code", letters), data: r})
		return err
	})
	if err != nil {
		return api.DeviceAuthorization{}, d.s.noDevice(err, reasonFull)
	}
	out.UserCode, out.VerificationURI = letters[:4]+"-"+letters[4:], d.s.base+"/device"
	out.ExpiresIn, out.Interval = int64(deviceFor/time.Second), int64(devicePollEvery/time.Second)
	return out, nil
}

// maxWantedScopes is more than a person reads through before they approve.
const maxWantedScopes = 50

// wantedRights are the scopes that a program asks for, if all that it asks for can be.
func wantedRights(in api.DeviceAuthorizationRequest) ([]string, error) {
	scopes := strings.Fields(in.Scope)
	if len(scopes) > maxWantedScopes {
		return nil, api.Errorf(api.CodeInvalidScope, "scope: at most %d of them", maxWantedScopes)
	}
	if i := slices.IndexFunc(scopes, func(s string) bool { return !grant.ValidPattern(s) }); i >= 0 {
		return nil, api.Errorf(api.CodeInvalidScope, "scope: the %d. is no scope like tickets:read and no pattern like tickets:*", i+1)
	}
	if d := in.ExpiresIn.Std(); d < 0 || d != 0 && d < time.Minute {
		return nil, api.FieldError("expires_in", "must be at least 1m")
	}
	if in.Workspace != "" && input.Slug(in.Workspace) != nil {
		return nil, api.FieldError("workspace", "must be the slug of a workspace")
	}
	return scopes, nil
}

// shareOfDevices counts one more of a neighbourhood, from the first until that one
// is over.
func (s *Service) shareOfDevices(tx *office.SignInTx, from door.Client) error {
	a, err := row(tx, counter{name: s.secrets.name("devices", door.Neighbourhood(from.Addr).String())})
	if err != nil {
		return err
	}
	if a.Count == 0 {
		a.LastAt, a.ExpiresAt = tx.Now(), tx.Now().Add(deviceFor)
	}
	if a.Count >= devicesEach {
		return crowded(a.ExpiresAt.Sub(tx.Now()))
	}
	a.Count++
	return tx.PutAttempts(a)
}

func crowded(d time.Duration) error {
	e := api.Errorf(api.CodeRateLimited, "too many programs are waiting to be signed in; try again a little later")
	e.RetryAfter = max(d, time.Second)
	return e
}

// noDevice counts a refusal.
func (s *Service) noDevice(err error, why string) error {
	if errors.Is(err, api.CodeRateLimited) {
		s.refused(whatDevice, why)
	}
	return err
}

const maxDeviceName = 60

// deviceName bounds what a machine is called, which anybody may say.
func deviceName(s string) string {
	s = strings.Join(strings.Fields(input.Clip(s, door.MaxAgent)), " ")
	if r := []rune(s); len(r) > maxDeviceName {
		s = string(r[:maxDeviceName])
	}
	if s == "" {
		return "another machine"
	}
	return s
}

// letters draws n letters without bias.
func (s *Service) letters(n int) (string, error) {
	var out strings.Builder
	var b [1]byte
	for out.Len() < n {
		if _, err := io.ReadFull(s.secrets.rand, b[:]); err != nil {
			return "", fmt.Errorf("signin: read randomness: %w", err)
		}
		if int(b[0]) < 256/len(userLetters)*len(userLetters) {
			out.WriteByte(userLetters[int(b[0])%len(userLetters)])
		}
	}
	return out.String(), nil
}

// DeviceLook answers what waits behind a user code. Wrong codes are slowed down
// like wrong passwords.
func (d Devices) DeviceLook(ctx context.Context, session door.Session, userCode string) (out door.DeviceRequest, err error) {
	err = d.s.device(ctx, session, userCode, func(tx *office.SignInTx, _ ledger.User, row ledger.OneTimeCode, r deviceRequest) error {
		out = door.DeviceRequest{Name: r.Name, Address: r.Address, Agent: r.Agent, StartedAt: row.CreatedAt, Scopes: r.Scopes, Lasts: r.Lasts, Workspace: r.Wanted}
		return office.Unchanged()
	})
	return out, err
}

// DeviceApprove lets the command line behind a user code have a personal token
// of the signed-in person: what it asked for of what they may in the workspace, for as
// long as it asked for and its policy lets a token live.
func (d Devices) DeviceApprove(ctx context.Context, session door.Session, userCode, workspace string) error {
	var asked deviceRequest
	err := d.s.device(ctx, session, userCode, func(_ *office.SignInTx, _ ledger.User, _ ledger.OneTimeCode, r deviceRequest) error {
		asked = r
		return office.Unchanged()
	})
	if err != nil {
		return err
	}
	if asked.Wanted != "" && asked.Wanted != workspace {
		return api.FieldError("workspace", "the terminal asked for "+asked.Wanted+" alone; begin there again for another")
	}
	if err := d.s.mayIssue(ctx, session, workspace, asked); err != nil {
		return err
	}
	return d.s.device(ctx, session, userCode, func(tx *office.SignInTx, u ledger.User, row ledger.OneTimeCode, r deviceRequest) error {
		if err := activeMember(tx.SignInRows, u, workspace); err != nil {
			return err
		}
		r.State, r.Workspace, r.Session = "approved", workspace, session.ID
		return d.s.answerDevice(tx, u, row, r)
	})
}

// DeviceDeny tells the command line behind a user code that it may not.
func (d Devices) DeviceDeny(ctx context.Context, session door.Session, userCode string) error {
	return d.s.device(ctx, session, userCode, func(tx *office.SignInTx, u ledger.User, row ledger.OneTimeCode, r deviceRequest) error {
		r.State = "denied"
		return d.s.answerDevice(tx, u, row, r)
	})
}

func (s *Service) answerDevice(tx *office.SignInTx, u ledger.User, row ledger.OneTimeCode, r deviceRequest) (err error) {
	row.User, row.Alias = u.ID, "" // the short code is used up
	action := "device." + r.State
	if r.State == "approved" && len(r.Scopes) > 0 {
		r.State = limited
	}
	if row.Data, err = json.Marshal(r); err != nil {
		return err
	}
	return input.First(tx.Give(), tx.PutCode(row), tx.Note(action, u, u, map[string]string{"address": r.Address, "workspace": r.Workspace}))
}

// device finds what waits behind a user code and applies f.
func (s *Service) device(ctx context.Context, session door.Session, userCode string,
	f func(*office.SignInTx, ledger.User, ledger.OneTimeCode, deviceRequest) error,
) error {
	if err := whole(session); err != nil {
		return err
	}
	t := s.newTry("device "+session.UserPublicID, session.Client())
	if _, err := s.countFor(ctx, t, session.Client(), byID(session.User)); err != nil {
		return err
	}
	letters := strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(userCode))
	err := s.change(ctx, session, session.Client(), func(tx *office.SignInTx, u ledger.User) error {
		row, err := tx.CodeByAlias(s.secrets.name("user code", letters))
		if err != nil && !errors.Is(err, ledger.ErrNoRow) {
			return err
		}
		if err != nil || row.Purpose != "device" || !tx.Now().Before(row.ExpiresAt) {
			return api.FieldError("code", "there is no such code, or its ten minutes are over")
		}
		r, err := readDevice(row)
		if err != nil {
			return err
		}
		return f(tx, u, row, r)
	})
	if err != nil {
		return err
	}
	return s.authority.SignIn(ctx, callerAt(session.Client()), func(tx *office.SignInTx) error { return right(tx, t) })
}

// DevicePoll answers the token of a sign-in that was approved, this once. Until
// then the error's code is authorization_pending, or slow_down for a poll that
// came too soon after the last; in the end access_denied or expired_token. The
// token is made and the code used up in one step: a token that the policy refuses
// leaves the code as it was. While it waits, asking writes nothing.
func (d Devices) DevicePoll(ctx context.Context, deviceCode string, from door.Client) (api.GrantedToken, error) {
	row, err := d.s.readCode(ctx, "device", deviceCode)
	if err != nil {
		return api.GrantedToken{}, deviceError(err)
	}
	switch r, err := readDevice(row); {
	case err != nil:
		return api.GrantedToken{}, err
	case r.State == "" && d.s.pace.hasty(row.ID, d.s.now()):
		return api.GrantedToken{}, api.Errorf(api.CodeSlowDown, "wait five seconds more between two polls from now on")
	case r.State == "":
		return api.GrantedToken{}, api.Errorf(api.CodeAuthorizationPending, "the person has not answered yet")
	}
	state, workspace, issued := "", "", authority.Issued{}
	err = d.s.authority.SignIn(ctx, callerAt(from), func(tx *office.SignInTx) error {
		row, err := d.s.findCode(tx.SignInRows, "device", deviceCode, tx.Now())
		if err != nil {
			return err
		}
		r, err := readDevice(row)
		if err != nil {
			return err
		}
		if state, workspace = r.State, r.Workspace; state == "approved" || state == limited {
			if issued, err = issueDevice(tx, row.User, r.Session, workspace, r); err != nil {
				return err
			}
		}
		return tx.DeleteCode(row.ID)
	})
	switch {
	case err != nil:
		return api.GrantedToken{}, deviceError(err)
	case state == "denied":
		return api.GrantedToken{}, api.Errorf(api.CodeAccessDenied, "the request was denied in the browser")
	}
	return d.s.granted(workspace, issued), nil
}

// deviceError says in the words of RFC 8628 why there is no token; what may be
// better later stays what it is.
func deviceError(err error) error {
	if errors.Is(err, authority.ErrNotAccepted) {
		return api.Errorf(api.CodeAccessDenied, "whoever approved this is signed out by now; begin again").Wrap(err)
	}
	switch e := api.AsError(err); e.Code {
	case api.CodeInternal, api.CodeUnavailable, api.CodeBusy, api.CodeOutcomeUnknown, api.CodeTimeout, api.CodeRateLimited:
		return err
	case api.CodeInvalidToken:
		return api.Errorf(api.CodeExpiredToken, "the code is not known, was used, or its ten minutes are over; begin again").Wrap(err)
	default:
		return api.Errorf(api.CodeAccessDenied, "%s", e.Message).Wrap(err)
	}
}

func (s *Service) granted(workspace string, issued authority.Issued) api.GrantedToken {
	out := api.GrantedToken{
		AccessToken: issued.Secret.Reveal(), TokenType: "Bearer", Scope: scopeText(issued.Token), Workspace: workspace, Locator: issued.Token.Locator,
	}
	if e := issued.Token.ExpiresAt; e != nil {
		left := max(int64(e.Sub(s.now())/time.Second), 1) // of 0, Go's x/oauth2 makes a token without an end
		out.ExpiresIn = &left
	}
	return out
}

// scopeText is what a token may do, as RFC 6749 (3.3) writes it.
func scopeText(t api.Token) string {
	var all []string
	for _, s := range t.Effective {
		all = append(all, s.Scopes...)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

// deviceToken is what an approved command line asks for.
func deviceToken(r deviceRequest) (in api.CreateToken) {
	in.Kind = "personal"
	in.Label = api.Some("CLI on " + r.Name)
	in.Description = api.Some("Made by tokenry login, approved in the browser.")
	if len(r.Scopes) > 0 {
		in.Scopes, in.Resources = api.Some(r.Scopes), api.Some([]string{"*"})
	}
	return in
}

// issueDevice makes the token of an approved command line, which lives no longer than the
// policy allows: who asked for more has less and is told.
func issueDevice(tx *office.SignInTx, user ledger.ID, session, workspace string, r deviceRequest) (out authority.Issued, err error) {
	in := deviceToken(r)
	if r.Lasts > 0 {
		lasts, err := tx.AtMost(user, session, workspace, r.Lasts)
		if err != nil {
			return out, err
		}
		in.ExpiresIn = api.Some(api.Duration(lasts))
	}
	return tx.Issue(user, session, workspace, in)
}

// mayIssue refuses what the poll would be refused, so that the person learns it
// and not the terminal alone.
func (s *Service) mayIssue(ctx context.Context, session door.Session, workspace string, r deviceRequest) error {
	return s.authority.SignIn(ctx, callerAt(session.Client()), func(tx *office.SignInTx) error {
		if _, err := issueDevice(tx, session.User, session.ID, workspace, r); err != nil {
			return err
		}
		return office.Unchanged()
	})
}

// pace remembers when each waiting code was last asked about. It is this node's
// alone: it is about manners, and protects nothing.
type pace struct {
	mu   sync.Mutex // guards last
	last map[string]time.Time
}

// hasty says whether a poll comes too soon after the one before it. A second is
// forgiven, because networks are not even.
func (p *pace) hasty(code string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil || len(p.last) > 2*maxDevices {
		fresh := map[string]time.Time{}
		for c, at := range p.last {
			if now.Sub(at) < deviceFor {
				fresh[c] = at
			}
		}
		p.last = fresh
	}
	before, asked := p.last[code]
	p.last[code] = now
	return asked && now.Sub(before) < devicePollEvery-time.Second
}

func readDevice(row ledger.OneTimeCode) (r deviceRequest, err error) {
	err = json.Unmarshal(row.Data, &r)
	return r, err
}
