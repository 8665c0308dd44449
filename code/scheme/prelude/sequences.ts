/* sequences.ts: THE PRELUDE, LISTS, VECTORS, STRINGS
 *
 * The procedures that call back: none of them may be a primitive <design/scheme#.control>. Results are built on the way back,
 * never by assignment, so that a continuation taken inside may be entered again <design/scheme#.inv.map>.
 */

/** Scheme text. */
export const preludeSequences = `
(define (%list-end who l)
  (if (null? l) '() (%error (if (eq? who 'map) "map: expected a list, got" "for-each: expected a list, got") l)))

(define (%map1 f l)
  (if (pair? l)
      (let ((x (f (car l)))) (cons x (%map1 f (cdr l))))
      (%list-end 'map l)))

(define (%all-pairs? lists)
  (or (null? lists) (and (pair? (car lists)) (%all-pairs? (cdr lists)))))
(define (%cars lists) (if (null? lists) '() (cons (caar lists) (%cars (cdr lists)))))
(define (%cdrs lists) (if (null? lists) '() (cons (cdar lists) (%cdrs (cdr lists)))))

(define map
  (case-lambda
    ((f l) (%map1 f l))
    ((f a b)
     (let loop ((a a) (b b))
       (if (and (pair? a) (pair? b))
           (let ((x (f (car a) (car b)))) (cons x (loop (cdr a) (cdr b))))
           '())))
    ((f . lists)
     (let loop ((lists lists))
       (if (%all-pairs? lists)
           (let ((x (%apply f (%cars lists)))) (cons x (loop (%cdrs lists))))
           '())))))

(define for-each
  (case-lambda
    ((f l)
     (let loop ((l l))
       (if (pair? l)
           (begin (f (car l)) (loop (cdr l)))
           (%list-end 'for-each l))))
    ((f a b)
     (let loop ((a a) (b b))
       (if (and (pair? a) (pair? b))
           (begin (f (car a) (car b)) (loop (cdr a) (cdr b))))))
    ((f . lists)
     (let loop ((lists lists))
       (if (%all-pairs? lists)
           (begin (%apply f (%cars lists)) (loop (%cdrs lists))))))))

(define (%least lengths)
  (let loop ((least (car lengths)) (rest (cdr lengths)))
    (if (null? rest) least (loop (if (< (car rest) least) (car rest) least) (cdr rest)))))

(define (%map-range f n)
  (let loop ((i 0))
    (if (< i n) (let ((x (f i))) (cons x (loop (+ i 1)))) '())))
(define (%each-range f n)
  (let loop ((i 0))
    (if (< i n) (begin (f i) (loop (+ i 1))))))

(define (%over-vectors walk f vectors)
  (if (null? (cdr vectors))
      (let ((v (car vectors)))
        (walk (lambda (i) (f (vector-ref v i))) (%vector-length v)))
      (walk (lambda (i) (%apply f (%map1 (lambda (v) (vector-ref v i)) vectors)))
            (%least (%map1 %vector-length vectors)))))
(define (vector-map f v . more)
  (%list->vector (%over-vectors %map-range f (cons v more))))
(define (vector-for-each f v . more)
  (%over-vectors %each-range f (cons v more)))

(define (%over-strings walk f strings)
  (if (null? (cdr strings))
      (let ((s (car strings)))
        (walk (lambda (i) (f (%string-ref s i))) (%string-length s)))
      (walk (lambda (i) (%apply f (%map1 (lambda (s) (%string-ref s i)) strings)))
            (%least (%map1 %string-length strings)))))
(define (string-map f s . more)
  (%list->string (%over-strings %map-range f (cons s more))))
(define (string-for-each f s . more)
  (%over-strings %each-range f (cons s more)))

(define member
  (case-lambda
    ((x l) (%member x l))
    ((x l same?)
     (let loop ((l l))
       (cond ((pair? l) (if (same? x (car l)) l (loop (cdr l))))
             ((null? l) #f)
             (else (%error "member: argument 2: expected a list, got" l)))))))

(define assoc
  (case-lambda
    ((x l) (%assoc x l))
    ((x l same?)
     (let loop ((l l))
       (cond ((pair? l) (if (same? x (caar l)) (car l) (loop (cdr l))))
             ((null? l) #f)
             (else (%error "assoc: argument 2: expected a list, got" l)))))))
`;
