(* Encrypt images and check certificates with the programs that Coq extracted (proved.ml).

     etc_check check CERT.json                        says what a certificate is of; exit status 0, 1 or 2
     etc_check encrypt KEY.json < PIXELS > ENCRYPTED  raw bytes in raster order; exit status 0 or 2
     etc_check batch                                  a question a line, an answer a line

   Questions of a batch: "check", a tab and a certificate; or "encrypt", a tab, a key, a tab and the
   pixels in hexadecimal digits. Answers: 0 if the map is orthogonal, 1 if not as certified, 2 if
   there is no map; the encrypted pixels in hexadecimal digits, or "invalid".

   What is written by hand, here, is not proved: it reads JSON, turns machine integers into Coq's
   numbers and back, and hashes the chosen images of a certificate's witness. The hash can only turn
   an accepted certificate into one that is refused. *)

exception Refused of string

let refuse reason = raise (Refused reason)

(* --- JSON, as RFC 8259 has it ------------------------------------------------------------- *)

type json =
  | Word of string  (* null, true, false, and numbers with a point or an exponent *)
  | Integer of int
  | Long of string  (* an integer of more digits than an int is sure to hold *)
  | Text of string
  | Array of json list
  | Object of (string * json) list

let parse text =
  let last = String.length text and at = ref 0 in
  let peek () = if !at < last then text.[!at] else '\000' in
  let fail () = refuse (Printf.sprintf "cannot be read as JSON at byte %d" !at) in
  let rec blank () = match peek () with ' ' | '\t' | '\n' | '\r' -> incr at; blank () | _ -> () in
  let eat c = if peek () = c then incr at else fail () in
  let digits () =
    let start = !at in
    while match peek () with '0' .. '9' -> true | _ -> false do incr at done;
    if !at = start then fail ()
  in
  let number () =
    let start = !at in
    if peek () = '-' then incr at;
    let first = !at in
    digits ();
    if text.[first] = '0' && !at > first + 1 then fail ();
    let whole = !at in
    if peek () = '.' then (incr at; digits ());
    if peek () = 'e' || peek () = 'E' then begin
      incr at;
      if peek () = '+' || peek () = '-' then incr at;
      digits ()
    end;
    let written = String.sub text start (!at - start) in
    if !at > whole then Word written
    else if whole - first > 18 then Long written
    else Integer (int_of_string written)
  in
  let escaped buffer =
    match peek () with
    | '"' | '\\' | '/' -> Buffer.add_char buffer (peek ()); incr at
    | 'b' -> Buffer.add_char buffer '\b'; incr at
    | 'f' -> Buffer.add_char buffer '\012'; incr at
    | 'n' -> Buffer.add_char buffer '\n'; incr at
    | 'r' -> Buffer.add_char buffer '\r'; incr at
    | 't' -> Buffer.add_char buffer '\t'; incr at
    | 'u' ->
      incr at;
      let code = ref 0 in
      for _ = 1 to 4 do
        (match peek () with
         | '0' .. '9' as c -> code := (!code * 16) + Char.code c - 48
         | 'a' .. 'f' as c -> code := (!code * 16) + Char.code c - 87
         | 'A' .. 'F' as c -> code := (!code * 16) + Char.code c - 55
         | _ -> fail ());
        incr at
      done;
      (* Names and hashes are ASCII: of any other character it only matters that it is another. *)
      Buffer.add_char buffer (if !code < 128 then Char.chr !code else '\255')
    | _ -> fail ()
  in
  let quoted () =
    let buffer = Buffer.create 80 in
    eat '"';
    while peek () <> '"' do
      if peek () < ' ' then fail ()
      else if peek () = '\\' then (incr at; escaped buffer)
      else (Buffer.add_char buffer (peek ()); incr at)
    done;
    incr at;
    Buffer.contents buffer
  in
  let word w =
    let size = String.length w in
    if !at + size <= last && String.sub text !at size = w then (at := !at + size; Word w)
    else fail ()
  in
  let rec value () =
    blank ();
    let found =
      match peek () with
      | '{' ->
        let pair () = blank (); let k = quoted () in blank (); eat ':'; (k, value ()) in
        let fields = items '}' pair in
        let names = List.sort_uniq compare (List.map fst fields) in
        if List.compare_lengths names fields < 0 then refuse "has a field twice";
        Object fields
      | '[' -> Array (items ']' value)
      | '"' -> Text (quoted ())
      | 'n' -> word "null"
      | 't' -> word "true"
      | 'f' -> word "false"
      | _ -> number ()
    in
    blank ();
    found
  and items : 'a. char -> (unit -> 'a) -> 'a list = fun closing item ->
    incr at;
    blank ();
    if peek () = closing then (incr at; [])
    else begin
      let found = ref [ item () ] in
      while blank (); peek () = ',' do
        incr at;
        found := item () :: !found
      done;
      eat closing;
      List.rev !found
    end
  in
  let found = value () in
  if !at < last then fail ();
  found

(* A field that is missing is null. *)
let field name fields = Option.value (List.assoc_opt name fields) ~default:(Word "null")

(* --- Coq's numbers ------------------------------------------------------------------------ *)

open Proved

let rec positive i =
  if i = 1 then XH else if i land 1 = 0 then XO (positive (i lsr 1)) else XI (positive (i lsr 1))

let z i = if i = 0 then Z0 else if i > 0 then Zpos (positive i) else Zneg (positive (-i))

(* A long integer, digit by digit. *)
let z_of_digits written =
  let negative = written.[0] = '-' in
  let add p i = if i = 0 then p else Coq_Pos.add p (positive i) in
  let next p c =
    let i = Char.code c - 48 in
    match p with
    | None -> if i = 0 then None else Some (positive i)
    | Some p -> Some (add (XO (Coq_Pos.add p (XO (XO p)))) i)
  in
  let from = if negative then 1 else 0 in
  let unsigned = String.sub written from (String.length written - from) in
  match List.fold_left next None (List.of_seq (String.to_seq unsigned)) with
  | None -> Z0
  | Some p -> if negative then Zneg p else Zpos p

let number = function Integer i -> z i | Long written -> z_of_digits written | _ -> assert false
let is_number = function Integer _ | Long _ -> true | _ -> false

let rec int_of_positive = function
  | XH -> 1
  | XO p -> 2 * int_of_positive p
  | XI p -> (2 * int_of_positive p) + 1

let byte = function Zpos p -> Char.chr (int_of_positive p) | _ -> '\000'
let bytes = Array.init 256 z

(* --- SHA-256 (FIPS 180-4) ----------------------------------------------------------------- *)

(* The first 32 bits of the fractional parts of the roots of the first primes. *)
let primes =
  let rec next found n =
    if List.length found = 64 then List.rev found
    else next (if List.exists (fun p -> n mod p = 0) found then found else n :: found) (n + 1)
  in
  Array.of_list (next [] 2)

let sha256 message =
  let mask = 0xffffffff in
  (* floor(root of p times 2^32) modulo 2^32, from the floating-point root; see the tests. *)
  let fraction root = int_of_float (Float.rem root 1. *. 4294967296.) in
  let k = Array.map (fun p -> fraction (Float.cbrt (float p))) primes in
  let h = Array.init 8 (fun i -> fraction (sqrt (float primes.(i)))) in
  let size = String.length message in
  let blocks = (size + 8) / 64 + 1 in
  let tail = Bytes.make ((blocks * 64) - (size / 64 * 64)) '\000' in
  Bytes.blit_string message (size / 64 * 64) tail 0 (size mod 64);
  Bytes.set tail (size mod 64) '\128';
  Bytes.set_int64_be tail (Bytes.length tail - 8) (Int64.of_int (8 * size));
  let w = Array.make 64 0 in
  let turn x i = ((x lsr i) lor (x lsl (32 - i))) land mask in
  let compress source offset =
    for t = 0 to 15 do
      w.(t) <- Int32.to_int (Bytes.get_int32_be source (offset + (4 * t))) land mask
    done;
    for t = 16 to 63 do
      let a = w.(t - 15) and b = w.(t - 2) in
      let s0 = turn a 7 lxor turn a 18 lxor (a lsr 3) in
      let s1 = turn b 17 lxor turn b 19 lxor (b lsr 10) in
      w.(t) <- (w.(t - 16) + s0 + w.(t - 7) + s1) land mask
    done;
    let rec round t a b c d e f g i =
      if t = 64 then
        List.iteri (fun j x -> h.(j) <- (h.(j) + x) land mask) [ a; b; c; d; e; f; g; i ]
      else
        let s1 = turn e 6 lxor turn e 11 lxor turn e 25 in
        let choice = e land f lxor (lnot e land mask land g) in
        let t1 = i + s1 + choice + k.(t) + w.(t) in
        let s0 = turn a 2 lxor turn a 13 lxor turn a 22 in
        let majority = a land b lxor (a land c) lxor (b land c) in
        round (t + 1) ((t1 + s0 + majority) land mask) a b c ((d + t1) land mask) e f g
    in
    round 0 h.(0) h.(1) h.(2) h.(3) h.(4) h.(5) h.(6) h.(7)
  in
  let whole = Bytes.unsafe_of_string message in
  for i = 0 to (size / 64) - 1 do compress whole (64 * i) done;
  for i = 0 to (Bytes.length tail / 64) - 1 do compress tail (64 * i) done;
  String.concat "" (List.map (Printf.sprintf "%08x") (Array.to_list h))

(* --- Certificates ------------------------------------------------------------------------- *)

(* The chosen images, black and the digits of places, under a map that was accepted. *)
let witness source sign level =
  let size = List.length source and base = level + 1 in
  let rec width l = if l = 0 then 0 else 1 + width (l lsr 8) in
  let width = width level and buffer = Buffer.create (2 * size) in
  let image digit =
    List.iter2
      (fun pixel s ->
        match (pixel, s) with
        | Integer pixel, Integer s ->
          let x = digit pixel in
          let shown = if s > 0 then x else level - x in
          for i = 0 to width - 1 do
            Buffer.add_char buffer (Char.unsafe_chr ((shown lsr (8 * i)) land 255))
          done
        | _ -> assert false)
      source sign
  in
  image (fun _ -> 0);
  let rec digits weight =
    if weight < size then begin
      image (fun pixel -> pixel / weight mod base);
      if weight <= size / base then digits (weight * base)
    end
  in
  digits 1;
  sha256 (Buffer.contents buffer)

(* Whether digits, or more than an int is sure to hold, are those of a number up to 2^63 - 1. *)
let fits written =
  let most = Int64.to_string Int64.max_int in
  written.[0] <> '-' && String.length written <= String.length most
  && (String.length written < String.length most || written <= most)

let short = function
  | Integer level -> level
  | _ -> refuse "has a witness, and a level above what this program hashes"

let check text =
  let fields = match parse text with Object fields -> fields | _ -> refuse "holds no certificate" in
  let get name = field name fields in
  let hash =
    match (get "format", get "version", get "witness") with
    | Text "etcprops.SignedPermutation", Integer 1, _ when not (List.mem_assoc "witness" fields) -> None
    | Text "etcprops.SignedPermutation", Integer 2, Text hash -> Some hash
    | _ -> refuse "holds no etcprops.SignedPermutation of version 1, or 2 with a witness"
  in
  match (get "source", get "sign", get "level") with
  | Array (_ :: _ as source), Array sign, level
    when List.for_all is_number source && List.for_all is_number sign && is_number level ->
    if List.compare_lengths source sign <> 0 then refuse "'source' and 'sign' must be as long";
    (match level with
     | Integer level when level >= 1 -> ()
     | Long written when fits written -> ()
     | _ -> refuse "'level' must be from 1 to 2^63 - 1");
    if not (check_written number source sign) then (1, "Not a signed permutation")
    else if match hash with None -> false | Some hash -> hash <> witness source sign (short level) then
      (1, "The map does not make what 'witness' says of the chosen images")
    else (0, Printf.sprintf "Orthogonal: %d pixels, each shown once" (List.length source))
  | _ -> refuse "'source' and 'sign' must be lists that are not empty, and hold integers like 'level'"

let status_of text = try check text with
  | Refused reason -> (2, "Error: " ^ reason)
  | Stack_overflow -> (2, "Error: nested too deep")

(* --- Encryption --------------------------------------------------------------------------- *)

let natural json = match if is_number json then number json else Zneg XH with
  | Z0 -> N0
  | Zpos p -> Npos p
  | Zneg _ -> refuse "a size or a step holds what is no natural number"

(* Coq writes an absent step as an empty list; in JSON it is null. *)
let step = function
  | Word "null" -> []
  | Array (_ :: _ as codes) -> List.map natural codes
  | _ -> refuse "a step is no list, or an empty one"

let encrypt key pixels =
  let fields = match parse key with Object fields -> fields | _ -> refuse "holds no key" in
  (match (field "format" fields, field "version" fields) with
   | Text "etcprops.EtCKey", Integer 1 -> ()
   | _ -> refuse "holds no etcprops.EtCKey, version 1");
  let sizes = match field "geometry" fields with Object f -> f | _ -> refuse "has no geometry" in
  let size name = natural (field name sizes) and code name = step (field name fields) in
  let shown = ref [] in
  for i = String.length pixels - 1 downto 0 do shown := bytes.(Char.code pixels.[i]) :: !shown done;
  match
    fast_encrypt (size "height") (size "width") (size "channels") (size "block")
      (code "permutation") (code "transforms") (code "negatives") (code "components") !shown
  with
  | None -> refuse "key, geometry and pixels do not fit"
  | Some encrypted ->
    let out = Bytes.create (String.length pixels) in
    List.iteri (fun i x -> Bytes.set out i (byte x)) encrypted;
    Bytes.unsafe_to_string out

(* --- Commands ----------------------------------------------------------------------------- *)

let rec read_all channel buffer =
  match Buffer.add_channel buffer channel 65536 with
  | () -> read_all channel buffer
  | exception End_of_file -> Buffer.contents buffer

let read_file path =
  let channel = try open_in_bin path with Sys_error reason -> refuse reason in
  let text = try read_all channel (Buffer.create 65536) with Sys_error reason -> refuse reason in
  close_in channel;
  text

let hex text =
  let digit i =
    let c = Char.code text.[i / 2] in
    "0123456789abcdef".[if i land 1 = 0 then c lsr 4 else c land 15]
  in
  String.init (2 * String.length text) digit

let unhex digits =
  let value c = if c <= '9' then Char.code c - 48 else Char.code c - 87 in
  String.init (String.length digits / 2) (fun i ->
      Char.chr ((16 * value digits.[2 * i]) + value digits.[(2 * i) + 1]))

let answer line =
  match String.split_on_char '\t' line with
  | [ "check"; certificate ] -> string_of_int (fst (status_of certificate))
  | [ "encrypt"; key; pixels ] -> (try hex (encrypt key (unhex pixels)) with Refused _ -> "invalid")
  | _ -> "no such question"

let rec batch () =
  match input_line stdin with
  | line -> print_endline (answer line); batch ()
  | exception End_of_file -> 0

let main = function
  | [ "check"; path ] ->
    let status, said = try status_of (read_file path) with Refused r -> (2, "Error: " ^ r) in
    print_endline said;
    status
  | [ "encrypt"; path ] -> (
    set_binary_mode_in stdin true;
    set_binary_mode_out stdout true;
    match encrypt (read_file path) (read_all stdin (Buffer.create 65536)) with
    | encrypted -> print_string encrypted; 0
    | exception Refused reason -> prerr_endline ("Error: " ^ reason); 2
    | exception Stack_overflow ->
      prerr_endline "Error: too large for the stack; try again after ulimit -s unlimited";
      2)
  | [ "batch" ] -> batch ()
  | _ ->
    prerr_endline "Usage: etc_check check CERT | etc_check encrypt KEY < PIXELS | etc_check batch";
    2

(* Most lists of bits are garbage at once: with more room for the young, few are copied. *)
let () = Gc.set { (Gc.get ()) with minor_heap_size = 1 lsl 20; space_overhead = 200 }
let () = exit (main (List.tl (Array.to_list Sys.argv)))
