/** Names of files and folders that come from files of somebody else's. */

/** So that an ending still fits into the 255 bytes that file systems take. */
const mostLetters = 200;

/** Whether a text is the name of one file or folder, and not a path that leads elsewhere. */
export function isFileName(text: string): boolean {
  return text !== '' && text !== '.' && text !== '..' && text.length <= mostLetters && !/[/\\\p{Cc}]/u.test(text);
}
