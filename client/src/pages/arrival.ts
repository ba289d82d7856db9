/** The pages through which people come in for the first time, or again, in one chunk: they are small and share what they are made of. */
export { ForgotPasswordPage } from "#pages/forgot-password.tsx";
export { LinkPage } from "#pages/link.tsx";
export { RegisterPage } from "#pages/register.tsx";
export { SetupPage } from "#pages/setup.tsx";
