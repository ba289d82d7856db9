/** What only administrators load, in one chunk. */
export { AuditPage } from "#pages/audit.tsx";
export { PeoplePage } from "#pages/people.tsx";
export { PersonPage } from "#pages/person.tsx";
