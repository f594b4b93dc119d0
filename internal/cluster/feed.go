package cluster

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// Name is what a replica knows a token, an owner or a workspace by: it says nothing to
// whoever was not told whose it is.
type Name string

// namer makes names under a key that is drawn when the process starts.
type namer struct{ key [32]byte }

func (n *namer) of(kind byte, parts ...[]byte) Name {
	h := hmac.New(sha256.New, n.key[:])
	_, _ = h.Write([]byte{kind})
	for _, p := range parts {
		_, _ = h.Write(p)
	}
	const enough = 12
	return Name(hex.EncodeToString(h.Sum(nil)[:enough]))
}

func (n *namer) token(l token.Locator) Name { return n.of('t', l[:]) }

func (n *namer) owner(k verify.OwnerKey) Name {
	return n.of('o', []byte{byte(k.Type)}, binary.BigEndian.AppendUint64(nil, uint64(k.ID)))
}

func (n *namer) workspace(id ledger.ID) Name {
	return n.of('w', binary.BigEndian.AppendUint64(nil, uint64(id)))
}

// Names are those of a token that was decided about, its owner and its workspace.
type Names struct{ Token, Owner, Workspace Name }

// Names names what a decision was about.
func (r *Replicas) Names(d *verify.Decision) Names {
	return Names{r.names.token(d.Locator), r.names.owner(d.Owner.Key), r.names.workspace(d.Workspace.ID)}
}

const (
	// mostTold and mostNames bound what is remembered of the changes that were told last.
	mostTold, mostNames = 4096, 1 << 17
)

// told is a change under the names that replicas know.
type told struct {
	count  int64
	spaces ledger.Spaces
	// tokens are by their workspace, others for whoever is concerned.
	tokens map[ledger.ID][]Name
	others []Name
	names  int
}

// told names what was touched.
func (n *namer) told(count int64, spaces ledger.Spaces, what *ledger.Touched) told {
	t := told{count: count, spaces: spaces}
	if spaces.All {
		return t
	}
	t.tokens = make(map[ledger.ID][]Name, len(what.Tokens))
	for workspace, tokens := range what.Tokens {
		for _, l := range tokens {
			t.tokens[workspace] = append(t.tokens[workspace], n.token(l))
		}
		t.names += len(tokens)
	}
	for _, owners := range []struct {
		of  verify.OwnerType
		ids []ledger.ID
	}{{verify.OwnerMember, what.Members}, {verify.OwnerServiceAccount, what.ServiceAccounts}, {verify.OwnerWorkspace, what.Portals}} {
		for _, id := range owners.ids {
			t.others = append(t.others, n.owner(verify.OwnerKey{Type: owners.of, ID: id}))
		}
	}
	for _, ids := range [][]ledger.ID{what.Workspaces, what.Whole} {
		for _, id := range ids {
			t.others = append(t.others, n.workspace(id))
		}
	}
	t.names += len(t.others)
	return t
}

// feed is the changes that were told last, in their order.
type feed struct {
	told  []told
	names int
	// before is the count of the newest that is not remembered any more.
	before int64
}

func (f *feed) add(t told) {
	f.told = append(f.told, t)
	f.names += t.names
	for len(f.told) > mostTold || f.names > mostNames {
		f.names -= f.told[0].names
		f.before = f.told[0].count
		f.told[0] = told{}
		f.told = f.told[1:]
	}
}

// since is what a view has to forget of what came after a count.
func (f *feed) since(count int64, v View) (all bool, names []Name) {
	if count < f.before {
		return true, nil
	}
	for i := len(f.told) - 1; i >= 0 && f.told[i].count > count; i-- {
		t := &f.told[i]
		switch {
		case t.spaces.All:
			return true, nil
		case !t.spaces.Has(v.sees()):
			continue
		}
		for workspace, tokens := range t.tokens {
			if v.Everywhere || workspace == v.Home {
				names = append(names, tokens...)
			}
		}
		names = append(names, t.others...)
	}
	return false, names
}
