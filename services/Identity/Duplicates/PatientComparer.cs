using System.Globalization;
using MedCor.Contracts.Identity;
using Quickenshtein;

namespace MedCor.Identity.Duplicates;

/// <summary>
/// Compares two patients by weights of evidence: what is the same speaks for one person, the more the rarer it is among strangers, and what differs speaks
/// against it, the more the rarer it differs between two registrations of one person. Missing data speak for nothing.
/// </summary>
internal static class PatientComparer
{
    /// <summary>The evidence from which on two patients are candidates: names and birth date with an error each, or names and a phone number.</summary>
    private const int Threshold = 13;

    /// <summary>The lowest and the highest score.</summary>
    private const int MinScore = 50, MaxScore = 100;

    private enum Match { Different, Similar, Same }

    /// <summary>Returns the score and its reasons; null when the patients are probably two persons.</summary>
    /// <param name="hasNamesakes">
    /// Whether several others are called so, too. Some of those have a similar birth date by chance, so that this says little.
    /// </param>
    internal static Comparison? Compare(ComparedPatient a, ComparedPatient b, bool hasNamesakes = false)
    {
        var reasons = new List<DuplicateReason>();
        var evidence = CompareNames(a, b, reasons) + CompareBirth(a.DateOfBirth, b.DateOfBirth, similar: hasNamesakes ? 1 : 3, reasons);
        evidence += CompareSets(a.Phones, b.Phones, same: 5, different: -1, DuplicateReason.SamePhoneNumber, reasons);
        evidence += CompareSets(a.Emails, b.Emails, same: 3, different: 0, DuplicateReason.SameEmail, reasons);
        evidence += CompareSets(a.Numbers, b.Numbers, same: 7, different: 0, DuplicateReason.SameIdentifier, reasons);
        if (a.Address.Length > 0 && a.Address == b.Address)
        {
            evidence += 3;
            reasons.Add(DuplicateReason.SameAddress);
        }
        if (a.Gender is "FEMALE" or "MALE" && b.Gender is "FEMALE" or "MALE" && a.Gender != b.Gender) evidence -= 3;
        return evidence < Threshold ? null : new(Math.Min(MinScore + (evidence - Threshold) * 3, MaxScore), reasons);
    }

    /// <summary>Returns whether two patients have the same names, in any order.</summary>
    internal static bool HaveSameName(ComparedPatient a, ComparedPatient b) =>
        (a.FirstName == b.FirstName && a.LastName == b.LastName) || (a.FirstName == b.LastName && a.LastName == b.FirstName);

    /// <summary>
    /// Returns the evidence of the names, in the order in which they match better. A first name that differs weighs most, because twins and other relatives
    /// have everything else in common; a last name can change.
    /// </summary>
    private static int CompareNames(ComparedPatient a, ComparedPatient b, List<DuplicateReason> reasons)
    {
        var straight = (First: CompareName(a.FirstName, b.FirstName), Last: CompareName(a.LastName, b.LastName));
        var swapped = (First: CompareName(a.FirstName, b.LastName), Last: CompareName(a.LastName, b.FirstName));
        var (straightEvidence, swappedEvidence) = (Weigh(straight), Weigh(swapped) - 1);
        var ((first, last), evidence) = straightEvidence >= swappedEvidence ? (straight, straightEvidence) : (swapped, swappedEvidence);
        if (straightEvidence < swappedEvidence) reasons.Add(DuplicateReason.SwappedName);
        if ((first, last) == (Match.Same, Match.Same)) reasons.Add(DuplicateReason.SameName);
        else if (first != Match.Different && last != Match.Different) reasons.Add(DuplicateReason.SimilarName);
        return evidence;
    }

    private static int Weigh((Match First, Match Last) names) =>
        names.First switch { Match.Same => 5, Match.Similar => 4, _ => -13 } + names.Last switch { Match.Same => 6, Match.Similar => 5, _ => -5 };

    /// <summary>Compares two names, of which one may have further words or be abbreviated to a letter.</summary>
    private static Match CompareName(string a, string b)
    {
        if (a.Length == 0 || b.Length == 0) return Match.Different;
        if (a == b) return Match.Same;
        if (IsTypingError(a, b)) return Match.Similar;
        string[] words = a.Split(' '), others = b.Split(' ');
        if (words.Length == 1 && others.Length == 1) return a.Length == 1 && b[0] == a[0] || b.Length == 1 && a[0] == b[0] ? Match.Similar : Match.Different;
        return words.Any(word => others.Any(other => word == other || IsTypingError(word, other))) ? Match.Similar : Match.Different;
    }

    /// <summary>
    /// Returns whether two names differ by a letter that is missing, added or another, or by two that are exchanged; in names of seven letters and more, by two
    /// such errors. In names of three letters and less, no error can be told from another name.
    /// </summary>
    private static bool IsTypingError(string a, string b)
    {
        var length = Math.Max(a.Length, b.Length);
        if (length <= 3 || Math.Abs(a.Length - b.Length) > 2) return false;
        var distance = Levenshtein.GetDistance(a, b);
        return distance <= (length >= 7 ? 2 : 1) || (distance == 2 && AreExchanged(a, b));
    }

    /// <summary>Returns whether two texts differ by two neighboring letters in exchanged order.</summary>
    private static bool AreExchanged(string a, string b)
    {
        if (a.Length != b.Length) return false;
        var i = 0;
        while (i < a.Length && a[i] == b[i]) i++;
        return i + 1 < a.Length && a[i] == b[i + 1] && a[i + 1] == b[i] && a.AsSpan(i + 2).SequenceEqual(b.AsSpan(i + 2));
    }

    /// <summary>
    /// Returns the evidence of the birth dates. That they differ weighs much, because a parent and a child of one name can have everything else in common.
    /// </summary>
    private static int CompareBirth(DateOnly? a, DateOnly? b, int similar, List<DuplicateReason> reasons)
    {
        if (a is not { } day || b is not { } other) return 0;
        if (day == other)
        {
            reasons.Add(DuplicateReason.SameDateOfBirth);
            return 8;
        }
        if (!IsSimilar(day, other)) return -11;
        reasons.Add(DuplicateReason.SimilarDateOfBirth);
        return similar;
    }

    /// <summary>Returns whether two dates differ by one digit or two exchanged ones, or in that day and month are exchanged.</summary>
    private static bool IsSimilar(DateOnly a, DateOnly b)
    {
        if (a.Year == b.Year && a.Month == b.Day && a.Day == b.Month) return true;
        var (digits, others) = (a.ToString("yyyyMMdd", CultureInfo.InvariantCulture), b.ToString("yyyyMMdd", CultureInfo.InvariantCulture));
        return digits.Zip(others).Count(pair => pair.First != pair.Second) == 1 || AreExchanged(digits, others);
    }

    /// <summary>Returns the evidence of two sets of numbers or addresses, which is zero when one of them is empty.</summary>
    private static int CompareSets(string[] a, string[] b, int same, int different, DuplicateReason reason, List<DuplicateReason> reasons)
    {
        if (a.Length == 0 || b.Length == 0) return 0;
        if (!a.Intersect(b).Any()) return different;
        reasons.Add(reason);
        return same;
    }
}
