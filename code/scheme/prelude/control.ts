/* control.ts: THE PRELUDE, CONTROL
 *
 * Dynamic extents, handlers, parameters, promises and the way out, in Scheme, so that what they call runs on the program's own
 * frames <design/scheme#.control>. The registers are the virtual machine's; continuations carry and restore them. An entry of
 * the list of winders is a vector: before, after, and the handlers and parameters of its extent.
 *
 * .names: What the prelude itself relies on it calls by names that begin with % or that the code generator inlines, because a
 * program may rebind any other <design/scheme#.inv.reserved>.
 */

/** Scheme text. */
export const preludeControl = `
(define %call/cc call/cc)
(define %apply apply)
(define %call-with-values call-with-values)

(define (%run-from i)
  (let ((form (%form i)))
    (if form
        (begin (form) (%run-from (+ i 1))))))

(define (%with-handler handler thunk)
  (let ((old (%handlers)))
    (%set-handlers! (cons handler old))
    (let ((result (thunk)))
      (%set-handlers! old)
      result)))

(define (with-exception-handler handler thunk)
  (%check-procedure 'with-exception-handler handler 1)
  (%check-procedure 'with-exception-handler thunk 2)
  (%with-handler handler thunk))

(define (raise obj)
  (let ((handlers (%handlers)))
    (if (null? handlers)
        (%uncaught obj)
        (begin
          (%set-handlers! (cdr handlers))
          ((car handlers) obj)
          (%error "raise: a handler returned from what cannot be continued" obj)))))

(define (%raise-continuable obj)
  (let ((handlers (%handlers)))
    (if (null? handlers)
        (%uncaught obj)
        (begin
          (%set-handlers! (cdr handlers))
          (let ((result ((car handlers) obj)))
            (%set-handlers! handlers)
            result)))))
(define (raise-continuable obj) (%raise-continuable obj))

(define (%guard body handler)
  ((%call/cc
     (lambda (leave)
       (%with-handler
         (lambda (condition)
           ((%call/cc
              (lambda (back)
                (leave
                  (lambda ()
                    (handler condition
                             (lambda () (back (lambda () (%raise-continuable condition)))))))))))
         (lambda ()
           (let ((result (body)))
             (lambda () result))))))))

(define (%dynamic-wind before thunk after)
  (before)
  (%set-winders! (cons (%vector before after (%handlers) (%params)) (%winders)))
  (let ((result (thunk)))
    (%set-winders! (cdr (%winders)))
    (after)
    result))

(define (dynamic-wind before thunk after)
  (%check-procedure 'dynamic-wind before 1)
  (%check-procedure 'dynamic-wind thunk 2)
  (%check-procedure 'dynamic-wind after 3)
  (%dynamic-wind before thunk after))

(define (%wind-call outer winder which)
  (%set-winders! outer)
  (%set-handlers! (vector-ref winder 2))
  (%set-params! (vector-ref winder 3))
  ((vector-ref winder which)))

(define (%wind-out from common)
  (if (not (eq? from common))
      (begin
        (%wind-call (cdr from) (car from) 1)
        (%wind-out (cdr from) common))))

(define (%wind-in to common)
  (if (not (eq? to common))
      (begin
        (%wind-in (cdr to) common)
        (%wind-call (cdr to) (car to) 0)
        (%set-winders! to))))

(define (%common-tail a b)
  (let ((m (%length a)) (n (%length b)))
    (let loop ((a (if (> m n) (%drop a (- m n)) a))
               (b (if (> n m) (%drop b (- n m)) b)))
      (if (eq? a b) a (loop (cdr a) (cdr b))))))

(define (%drop l n) (if (= n 0) l (%drop (cdr l) (- n 1))))

(define (%rewind-to target)
  (let* ((here (%winders)) (common (%common-tail here target)))
    (%wind-out here common)
    (%wind-in target common)))

(define (%rewind k value)
  (%rewind-to (%continuation-winders k))
  (%reinstate k value))

(define (%exit-code codes)
  (if (null? codes)
      0
      (let ((code (car codes)))
        (cond ((eq? code #t) 0)
              ((eq? code #f) 1)
              ((and (integer? code) (exact? code) (<= 0 code 255)) code)
              (else 1)))))
(define (exit . codes)
  (%rewind-to '())
  (%exit (%exit-code codes)))
(define (emergency-exit . codes)
  (%exit (%exit-code codes)))

(define (%parameter cell)
  (lambda ()
    (let ((binding (%assq cell (%params))))
      (if binding (cdr binding) (car cell)))))
(define %some-parameter (%parameter #f))
(define (%identity x) x)

(define make-parameter
  (case-lambda
    ((value) (%parameter (cons value %identity)))
    ((value converter)
     (%check-procedure 'make-parameter converter 2)
     (%parameter (cons (converter value) converter)))))

(define (%bind-parameters rest params)
  (if (null? rest)
      params
      (let ((cell (%free-of (car rest) %some-parameter)))
        (if (not (pair? cell)) (%error "parameterize: expected a parameter, got" (car rest)))
        (let ((value ((cdr cell) (cadr rest))))
          (cons (cons cell value) (%bind-parameters (cddr rest) params))))))

(define (%parameterize thunk . bindings)
  (let ((old (%params)))
    (%set-params! (%bind-parameters bindings old))
    (let ((result (thunk)))
      (%set-params! old)
      result)))

(define (%force promise)
  (let ((state (%promise-state promise)))
    (cond ((eq? state 1) (%promise-value promise))
          ((eq? state 2) (%force (%promise-value promise)))
          ((eq? state 0)
           (let ((value ((%promise-value promise))))
             (%promise-fulfil! promise value)
             (%force promise)))
          (else
           (let ((next ((%promise-value promise))))
             (%promise-adopt! promise next)
             (%force promise))))))
(define (force promise)
  (if (promise? promise) (%force promise) promise))

(define eval
  (case-lambda
    ((form) ((%compile form)))
    ((form environment)
     (if (not (%environment? environment)) (%error "eval: argument 2: expected an environment, got" environment))
     ((%compile form)))))
(define interaction-environment (let ((only (environment))) (lambda () only)))
(define (scheme-report-environment version) (interaction-environment))

(define %output-cell (cons (%console #t) %identity))
(define current-output-port (%parameter %output-cell))
(define current-error-port (%parameter (cons (%console #t) %identity)))
(define %input-cell (cons (%console #f) %identity))
(define current-input-port (%parameter %input-cell))

(define (call-with-port port proc)
  (let ((result (proc port)))
    (close-port port)
    result))
`;
