; Words are counted with symbols, lists, closures and a continuation.
(define text
  '(the heap moves and the program does not notice that the heap moves))

(define (tally words)
  (let loop ((words words) (counts '()))
    (cond ((null? words) counts)
          ((assq (car words) counts)
           => (lambda (entry)
                (set-cdr! entry (+ (cdr entry) 1))
                (loop (cdr words) counts)))
          (else (loop (cdr words) (cons (cons (car words) 1) counts))))))

(define (first-over limit counts)
  (call-with-current-continuation
    (lambda (return)
      (for-each (lambda (entry) (if (> (cdr entry) limit) (return (car entry))))
                (reverse counts))
      #f)))

(define counts (tally text))
(for-each (lambda (entry) (display (car entry)) (display " ") (display (cdr entry)) (newline))
          (reverse counts))
(display "first word that comes twice: ")
(display (first-over 1 counts))
(newline)
