;;; dape.el --- Emacs and dape look at a core  -*- lexical-binding: t -*-
;; SPDX-License-Identifier: Apache-2.0
;;
;; emacs --batch -l dape -l dape.el JOB    JOB: as test_editors.py writes it. Prints what dape then holds as JSON.

(defvar job (json-parse-string (pop command-line-args-left) :object-type 'plist :array-type 'list))
(defvar got nil)
(setq dape-request-timeout (plist-get job :seconds)
      dape-configs-adapter-dir temporary-file-directory
      kill-buffer-query-functions nil)

(defun wait (what done)
  "Let Emacs work until DONE says so; an error about WHAT after the seconds of the job."
  (with-timeout ((plist-get job :seconds) (error "No %s came" what))
    (while (not (funcall done))
      (accept-process-output nil 0.05))))

(defun wait-for (what ask)
  "What ASK, called with a callback of dape's requests, is answered; a list of the body and the error."
  (let (answer)
    (funcall ask (lambda (&optional body error) (setq answer (list body error))))
    (wait what (lambda () answer))
    answer))

(defun keep (key value)
  (setq got (plist-put got key value)))

(defun body (what answer)
  "The body of an answer about WHAT that is no error."
  (pcase-let ((`(,body ,error) answer))
    (when error (error "%s: %s" what error))
    body))

(defun ask (conn command arguments)
  (body command (wait-for command (lambda (answer) (dape-request conn command arguments answer)))))

(defun as-listed (objects)
  "OBJECTS without what dape keeps in them for itself."
  (vconcat (mapcar (lambda (object)
                     (cl-loop for (key value) on object by #'cddr
                              unless (memq key '(:variables :scopes :stackFrames :totalFrames :status :request-in-flight))
                              append (list key value)))
                   objects)))

(defun thread-of (conn id)
  (cl-find id (dape--threads conn) :key (lambda (thread) (plist-get thread :id))))

(defun buffer-of (mode text)
  "What dape's buffer of MODE shows; waits until TEXT is in it."
  (let ((buffer (dape--info-get-buffer-create mode)))
    (wait (format "%s with %s" mode text)
          (lambda () (with-current-buffer buffer
                       (revert-buffer)
                       (accept-process-output nil 0.05)
                       (string-search text (buffer-string)))))
    (with-current-buffer buffer (buffer-substring-no-properties (point-min) (point-max)))))

(defun look (conn)
  (advice-add 'dape-handle-event :before
              (lambda (_conn event body) (when (eq event 'stopped) (keep :stopped body))))
  (wait "stopped" (lambda () (plist-get got :stopped)))
  ;; It asks for threads, the first frame and its scopes by itself.
  (wait "scopes" (lambda () (plist-get (dape--current-stack-frame conn) :scopes)))
  (keep :exception (ask conn :exceptionInfo (list :threadId (plist-get (plist-get got :stopped) :threadId))))
  (keep :threads (as-listed (dape--threads conn)))
  (dape-select-thread conn (plist-get job :thread))
  (wait "scopes" (lambda () (plist-get (dape--current-stack-frame conn) :scopes)))
  (let ((thread (thread-of conn (plist-get job :thread))))
    (wait-for "stack" (lambda (answer) (dape--stack-trace conn thread 1000 answer)))
    (keep :frames (as-listed (plist-get thread :stackFrames)))
    (dape-select-stack conn (plist-get (nth (plist-get job :frame) (plist-get thread :stackFrames)) :id)))
  (wait "scopes" (lambda () (plist-get (dape--current-stack-frame conn) :scopes)))
  (let ((frame (dape--current-stack-frame conn)) variables)
    (dolist (scope (plist-get frame :scopes))
      (unless (eq (plist-get scope :expensive) t)
        (wait-for "variables" (lambda (answer) (dape--variables conn scope answer)))
        (push (as-listed (plist-get scope :variables)) variables)
        (push (intern (concat ":" (plist-get scope :name))) variables)))
    (keep :variables variables)
    (keep :evaluated
          (cl-loop for context in '("watch" "hover" "repl")
                   append (list (intern (concat ":" context))
                                (cl-loop for expression in (plist-get job :expressions)
                                         append (list (intern (concat ":" expression))
                                                      (plist-get (body expression
                                                                       (wait-for "evaluate"
                                                                         (lambda (answer)
                                                                           (dape--evaluate-expression
                                                                            conn (plist-get frame :id) expression
                                                                            context answer))))
                                                                 :result))))))
    (keep :wrong (cadr (wait-for "error" (lambda (answer)
                                           (dape--evaluate-expression conn (plist-get frame :id) "1 +" "repl" answer)))))
    (keep :stack (buffer-of 'dape-info-stack-mode (plist-get frame :name)))
    (keep :told (as-listed (dape--modules conn))))
  (let (ended)
    (dape-kill conn (lambda (&rest _) (setq ended t)) t)
    (wait "end" (lambda () (and ended (not (jsonrpc-running-p conn)))))))

(dape `(command ,(car (plist-get job :adapter)) command-args ,(vconcat (cdr (plist-get job :adapter)))
        command-cwd ,default-directory :type "inquest" :request "launch" ,@(plist-get job :launch)))
(look dape--connection-selected)
(princ (concat "\n" (decode-coding-string (json-serialize got :false-object :json-false) 'utf-8) "\n"))
