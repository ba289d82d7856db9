import type { User } from "#api/gen/types.gen.ts";
import { Avatar } from "#ui/avatar.tsx";

export function UserRow({ user }: { user: User }) {
  return (
    <li className="flex items-center gap-4 p-4">
      <Avatar name={user.full_name || user.username} />
      <div className="min-w-0">
        <p className="truncate font-medium">{user.full_name || user.username}</p>
        <p className="truncate text-sm text-muted">{user.username}</p>
      </div>
    </li>
  );
}
