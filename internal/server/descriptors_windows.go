package server

// descriptors is how many files this process may have open. Windows bounds handles by
// memory alone, so it is as many as are ever counted with.
func descriptors() int { return mostDescriptors }
