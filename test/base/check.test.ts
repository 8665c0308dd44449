import { describe, expect, test, vi } from 'vitest';
import { aver, AverError, checkSig, cool, rash, SigINVALID, variety, type Sig } from '../../code/base/base.ts';

describe('aver', () => {
  test('a condition that holds costs nothing and says nothing <design/check#.aver>', () => {
    expect(() => aver(true, '<design/check#.aver>')).not.toThrow();
  });

  test('a condition that fails throws an AverError whose message is the tag <design/check#.aver>', () => {
    let caught: unknown = null;
    try {
      aver(false, '<design/check#.aver>');
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(AverError);
    expect(caught).toMatchObject({ name: 'AverError', code: 'CAPSTAN_AVER', message: '<design/check#.aver>' });
  });
});

describe('signatures', () => {
  const ThisSIG: Sig = 0x5ea_0001, OtherSIG: Sig = 0x5ea_0002;

  test('a structure of the class it is taken for passes <design/check#.sig>', () => {
    expect(() => checkSig({ sig: ThisSIG }, ThisSIG)).not.toThrow();
  });

  test('a structure of another class does not <design/check#.inv.sig>', () => {
    expect(() => checkSig({ sig: OtherSIG }, ThisSIG)).toThrow(AverError);
  });

  test('a structure that is not complete, or is finished, does not <design/check#.inv.sig>', () => {
    expect(() => checkSig({ sig: SigINVALID }, ThisSIG)).toThrow('<design/check#.sig>');
  });
});

describe('the variety', () => {
  /** A fresh copy of the module, for it asks once; the shared one is left alone. */
  const load = async (wanted: string | undefined): Promise<{ variety: string; cool: boolean; rash: boolean }> => {
    vi.stubEnv('CAPSTAN_CHECK', wanted);
    try {
      const fresh = `../../code/base/variety.ts?fresh=${wanted ?? 'none'}`;
      return await import(fresh) as { variety: string; cool: boolean; rash: boolean };
    } finally {
      vi.unstubAllEnvs();
    }
  };

  test('the tests run in the variety of their project <design/check#.variety>', () => {
    expect(variety).toBe(process.env['CAPSTAN_CHECK']);
    expect([cool, rash]).toEqual([variety === 'cool', false]);
  });

  test('nothing asked is hot; each of the three may be asked <design/check#.variety>', async () => {
    expect(await load(undefined)).toMatchObject({ variety: 'hot', cool: false, rash: false });
    expect(await load('rash')).toMatchObject({ variety: 'rash', cool: false, rash: true });
    expect(await load('hot')).toMatchObject({ variety: 'hot', cool: false, rash: false });
    expect(await load('cool')).toMatchObject({ variety: 'cool', cool: true, rash: false });
  });

  test('any other word is an error that names the three, never a default <design/check#.inv.variety>', async () => {
    await expect(load('cold')).rejects.toThrow('CAPSTAN_CHECK is "cold"; it must be rash, hot or cool');
    await expect(load('')).rejects.toThrow(RangeError);
  });
});
