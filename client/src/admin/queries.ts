import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import {
  changeUser,
  createResetLink,
  createUser,
  deleteUser,
  endUserSessions,
  getUser,
  listAudit,
  listUserSessions,
  listUserTokens,
  listUsers,
  revokeUserTokens,
} from "#api/gen/sdk.gen.ts";
import type {
  AuditEvent,
  CreateUser,
  PersonDetails,
  Role,
  StateFilter,
  User,
  UserChanges,
  UserSort,
} from "#api/gen/types.gen.ts";

export interface PeopleFilter {
  q: string;
  role: Role | "";
  state: StateFilter | "";
  sort: UserSort;
}

/** People as administrators see them, page by page. */
export function peopleQuery({ q, role, state, sort }: PeopleFilter) {
  return infiniteQueryOptions({
    queryKey: ["people", { q, role, state, sort }],
    queryFn: async ({ pageParam, signal }) => {
      const query = {
        sort,
        ...(q && { q }),
        ...(role && { role }),
        ...(state && { state }),
        ...(pageParam && { cursor: pageParam }),
      };
      const { data } = await listUsers({ query, signal, throwOnError: true });
      return { ...data, items: data.items.filter(hasDetails) };
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** Who is no administrator any more gets people without details: nothing to administer. */
function hasDetails(user: User): user is PersonDetails {
  return "role" in user;
}

export function personQuery(id: string) {
  return queryOptions({
    queryKey: ["people", "one", id],
    queryFn: async ({ signal }) => {
      const { data } = await getUser({ path: { id }, signal, throwOnError: true });
      return data;
    },
  });
}

export function personSessionsQuery(id: string) {
  return queryOptions({
    queryKey: ["people", "sessions", id],
    queryFn: async ({ signal }) => {
      const { data } = await listUserSessions({
        path: { id },
        query: { limit: 100, status: "active" },
        signal,
        throwOnError: true,
      });
      return data.items;
    },
  });
}

export function personTokensQuery(id: string) {
  return queryOptions({
    queryKey: ["people", "tokens", id],
    queryFn: async ({ signal }) => {
      const { data } = await listUserTokens({
        path: { id },
        query: { limit: 100 },
        signal,
        throwOnError: true,
      });
      return data.items;
    },
  });
}

/** Whatever is changed about people, lists and persons are asked for again. */
function usePeopleChange<Wish, Answer>(change: (wish: Wish) => Promise<Answer>) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["people"] }),
    // Some answers hold a link, which is a secret.
    gcTime: 0,
  });
}

export const useCreatePerson = () =>
  usePeopleChange(async (body: CreateUser) => {
    const { data } = await createUser({ body, throwOnError: true });
    return data;
  });

export const useChangePerson = (id: string) =>
  usePeopleChange((body: UserChanges) => changeUser({ path: { id }, body, throwOnError: true }));

export const useEndPersonSessions = (id: string) =>
  usePeopleChange(() => endUserSessions({ path: { id }, throwOnError: true }));

export const useRevokePersonTokens = (id: string) =>
  usePeopleChange(() => revokeUserTokens({ path: { id }, throwOnError: true }));

export const useResetLink = (id: string) =>
  usePeopleChange(async () => {
    const { data } = await createResetLink({ path: { id }, throwOnError: true });
    return data;
  });

/** The list is not asked for the person that is gone; the page that shows it is left first. */
export function useDeletePerson(id: string, onGone: () => void) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () => deleteUser({ path: { id }, throwOnError: true }),
    onSuccess: () => {
      onGone();
      queryClient.removeQueries({ queryKey: ["people"] });
    },
  });
}

export interface AuditFilter {
  actor: string;
  event: AuditEvent | "";
  from: string;
  to: string;
}

/** What happened, page by page. Days are the reader's own, the end included. */
export function auditQuery({ actor, event, from, to }: AuditFilter) {
  return infiniteQueryOptions({
    queryKey: ["audit", { actor, event, from, to }],
    queryFn: async ({ pageParam, signal }) => {
      const query = {
        ...(actor && { actor }),
        ...(event && { event }),
        ...(from && { from: startOfDay(from, 0) }),
        ...(to && { to: startOfDay(to, 1) }),
        ...(pageParam && { cursor: pageParam }),
      };
      const { data } = await listAudit({ query, signal, throwOnError: true });
      return data;
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

function startOfDay(day: string, plus: number): string {
  const moment = new Date(`${day}T00:00:00`);
  moment.setDate(moment.getDate() + plus);
  return moment.toISOString();
}
