// Prints the code that an authenticator app shows, by otpauth, unmodified.
// Arguments: the key as a user types it, and in how many seconds the code is shown.
import { Secret, TOTP } from 'otpauth';

const [key, seconds] = process.argv.slice(2);
const totp = new TOTP({ secret: Secret.fromBase32(key.replaceAll(' ', '')) });
console.log(totp.generate({ timestamp: Date.now() + Number(seconds) * 1000 }));
