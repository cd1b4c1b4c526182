/** Who are you: e-mail and password. On success the session brings the person where they wanted to go. */

import { useAction } from "../../action.ts";
import { SchemeToggle } from "../../frame.tsx";
import { Problem } from "../../notice.tsx";
import { signIn } from "../../session.ts";
import { Wordmark } from "../../wordmark.tsx";

export function LoginPage() {
  const entering = useAction(signIn);
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    entering.run(String(fields.get("email")), String(fields.get("password")));
  }
  return (
    <main class="login">
      <form onSubmit={submit} aria-labelledby="sign-in">
        <Wordmark />
        <h1 id="sign-in">Sign in</h1>
        <label class="field">
          <span>E-mail</span>
          <input name="email" type="email" autocomplete="username" required />
        </label>
        <label class="field">
          <span>Password</span>
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        {entering.problem.value && <Problem problem={entering.problem.value} />}
        <button type="submit" class="primary" disabled={entering.busy.value}>
          {entering.busy.value ? "Signing in…" : "Sign in"}
        </button>
      </form>
      <SchemeToggle />
    </main>
  );
}
