package ledger

// Standing is what every page of a workspace is drawn from: a session, its person, the
// workspace and who the person is there. Member is the zero one for whoever is none.
type Standing struct {
	Session   Session
	User      User
	Workspace Workspace
	Member    Member
	Instance  Instance
	// Stamp is the workspace's, see CatalogueStamp.
	Stamp string
	// Removals says whether anything that was removed is being rewritten yet.
	Removals bool
}

// PageReader reads at once what a list of many rows would ask row by row.
type PageReader interface {
	// Standing finds a session, its person, and where that is in the workspace of a
	// slug, a deleted one too; or, without one, in the first of WorkspacesOf.
	Standing(session, slug string) (Standing, error)
	// SecretsOf is Secrets of several tokens, each token's current one first.
	SecretsOf(tokens []ID) ([]Secret, error)
	// Owners finds members and service accounts by their row numbers, removed ones too.
	Owners(ids []ID) ([]Member, []ServiceAccount, error)
	// UsersNamed finds people by their public ids.
	UsersNamed(publicIDs []string) ([]User, error)
	// Outsiders are those of several people who have an e-mail and no way to sign in.
	Outsiders(users []ID) ([]Outsider, error)
	// WorkspacesOfEach is WorkspacesOf of several people.
	WorkspacesOfEach(users []ID) (map[ID][]Workspace, error)
}
