package storetest

func modelCases() map[string]func(w *world) { return nil }
