; Trees are built and dropped again; one tree lives through it all.
(define (build depth)
  (if (= depth 0) '() (cons (build (- depth 1)) (build (- depth 1)))))

(define (count tree)
  (if (null? tree) 1 (+ (count (car tree)) (count (cdr tree)))))

(define keep (build 14))

(do ((i 0 (+ i 1))) ((= i 120))
  (build 14))

(display "leaves of the tree that was kept: ")
(display (count keep))
(newline)
