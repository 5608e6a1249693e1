// Walks a whole transparency log in a folder with Go's own verifier
// (golang.org/x/mod/sumdb), unchanged: the checkpoint's signature, every entry
// against the tree, and every tile on the way. With a second note, also that the
// log of that note is its beginning.
//
//	walk <folder> <vkey> [<older checkpoint>]
//
// Prints "OK <size> <root>" and exits with 0, or prints what is wrong and exits with 1.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// folder reads tiles as C2SP tlog-tiles names them: without the height that Go
// writes into its paths.
type folder struct{ path string }

func (f folder) Height() int { return height }

func (f folder) SaveTiles(tiles []tlog.Tile, data [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(f.path, path))
		if err != nil {
			return nil, err
		}
		if len(data) != tile.W*tlog.HashSize {
			return nil, errors.New(path + ": wrong length")
		}
		all = append(all, data)
	}
	return all, nil
}

// entries returns the entries of one bundle.
func (f folder) entries(number int64, width int) ([][]byte, error) {
	tile := tlog.Tile{H: height, L: -1, N: number, W: width}
	path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
	data, err := os.ReadFile(filepath.Join(f.path, path))
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for i := 0; i < width; i++ {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, errors.New(path + ": too short")
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		all = append(all, data[2:end])
		data = data[end:]
	}
	if len(data) != 0 {
		return nil, errors.New(path + ": too long")
	}
	return all, nil
}

func open(path string, verifier note.Verifier) (tlog.Tree, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return tlog.Tree{}, err
	}
	signed, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	// Go's own reader of tree heads wants its own first line.
	origin, rest, found := strings.Cut(signed.Text, "\n")
	if !found || origin != verifier.Name() {
		return tlog.Tree{}, errors.New("checkpoint of another log: " + origin)
	}
	return tlog.ParseTree([]byte("go.sum database tree\n" + rest))
}

func walk(path, vkey, older string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	tree, err := open(filepath.Join(path, "checkpoint"), verifier)
	if err != nil {
		return tree, err
	}
	files := folder{path}
	reader := tlog.TileHashReader(tree, files)
	if tree.N > 0 {
		root, err := tlog.TreeHash(tree.N, reader)
		if err != nil {
			return tree, err
		}
		if root != tree.Hash {
			return tree, errors.New("the tiles do not lead to the root")
		}
	}
	for start := int64(0); start < tree.N; start += 1 << height {
		width := 1 << height
		if tree.N-start < int64(width) {
			width = int(tree.N - start)
		}
		entries, err := files.entries(start>>height, width)
		if err != nil {
			return tree, err
		}
		var indexes []int64
		for i := range entries {
			indexes = append(indexes, tlog.StoredHashIndex(0, start+int64(i)))
		}
		hashes, err := reader.ReadHashes(indexes)
		if err != nil {
			return tree, err
		}
		for i, entry := range entries {
			if tlog.RecordHash(entry) != hashes[i] {
				return tree, fmt.Errorf("entry %d is not the one in the tree", start+int64(i))
			}
		}
	}
	if older != "" {
		before, err := open(older, verifier)
		if err != nil {
			return tree, err
		}
		if before.N > 0 {
			proof, err := tlog.ProveTree(tree.N, before.N, reader)
			if err != nil {
				return tree, err
			}
			if err := tlog.CheckTree(proof, tree.N, tree.Hash, before.N, before.Hash); err != nil {
				return tree, err
			}
		}
	}
	return tree, nil
}

func main() {
	if len(os.Args) < 3 {
		fmt.Println("usage: walk <folder> <vkey> [<older checkpoint>]")
		os.Exit(2)
	}
	older := ""
	if len(os.Args) > 3 {
		older = os.Args[3]
	}
	tree, err := walk(os.Args[1], os.Args[2], older)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("OK", tree.N, tree.Hash)
}
