(******************************************************************************)
(* Extract: the proved programs in OCaml                                      *)
(*                                                                            *)
(* Lists, options, pairs and booleans become OCaml's own, which have the same *)
(* constructors; nothing else is replaced. Numbers stay the lists of bits     *)
(* that they are in Coq, so OCaml's integers are no part of what is proved.   *)
(*                                                                            *)
(*   coqc -Q <folder of the compiled proofs> EtC Extract.v                    *)
(*                                                                            *)
(* writes proved.ml and proved.mli into the folder in which it runs.          *)
(******************************************************************************)

From Coq Require Import Extraction ExtrOcamlBasic.
From EtC Require Import Certificate Program.

Extraction Language OCaml.
Extraction "proved.ml" fast_encrypt check_written.
