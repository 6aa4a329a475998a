//go:build race

package wsframe_test

const raced = true // the race detector is built in
