package ledger

import "slices"

// Spaces are the workspaces whose verifications a change concerns.
type Spaces struct {
	// All says that it may be any.
	All bool
	IDs []ID
}

// Spaces answers what is concerned by what was touched. Webhooks concern no verification.
func (t *Touched) Spaces() Spaces {
	if t.All || t.AllWorkspaces || len(t.Homes) == 0 && len(t.Members)+len(t.ServiceAccounts) > 0 {
		return Spaces{All: true}
	}
	ids := slices.Concat(t.Portals, t.Workspaces, t.Whole, t.Homes)
	for workspace := range t.Tokens {
		ids = append(ids, workspace)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	return Spaces{IDs: ids, All: slices.Contains(ids, 0)} // 0 is no workspace's
}

// Has says whether a workspace is concerned; 0 is whoever sees them all.
func (s Spaces) Has(workspace ID) bool {
	return s.All || workspace == 0 && len(s.IDs) > 0 || slices.Contains(s.IDs, workspace)
}

// EveryReplica is the place in [Behind] of replicas that see every workspace.
const EveryReplica ID = 0

// MostBehind bounds [Behind], which is written with each renewal.
const MostBehind = 64

// Behind says of a node's replicas what they have not applied: the first such revision, for each
// workspace that they see. Its JSON is what is stored.
type Behind map[ID]int64

// Note says that a replica which sees a workspace, or [EveryReplica], has not applied a revision. What is
// too much is said of all.
func (b Behind) Note(workspace ID, revision int64) {
	if _, known := b[workspace]; !known && len(b) >= MostBehind {
		workspace = EveryReplica
	}
	if first, known := b[workspace]; !known || revision < first {
		b[workspace] = revision
	}
}

// Of says whether a replica that sees one of the workspaces may not have applied a revision.
func (b Behind) Of(revision int64, spaces Spaces) bool {
	for workspace, first := range b {
		if first <= revision && (workspace == EveryReplica || spaces.Has(workspace)) {
			return true
		}
	}
	return false
}
