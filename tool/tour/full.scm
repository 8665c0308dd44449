; The heap is filled, says so, and is used again.
(define (fill)
  (guard (condition ((error-object? condition) (error-object-message condition)))
    (let loop ((list '()))
      (loop (cons (make-vector 1000 0) list)))))

(display "the heap says: ")
(display (fill))
(newline)
(display "and there is room again: ")
(display (vector-length (make-vector 10000 'a)))
(newline)
