using MedCor.Contracts.Identity;
using MedCor.Identity.Duplicates;

namespace MedCor.Tests.Unit.Identity.Duplicates;

public class PatientComparerTests
{
    private static readonly ComparedPatient Anna = new(
        Guid.Empty, Guid.NewGuid(), "anna", "schubert", new(1984, 5, 17), "FEMALE", "lindenstrasse 12 10117", ["2110555"], [], ["A1"]);

    [Fact]
    public void The_same_data_are_the_surest_sign_and_all_reasons_are_named()
    {
        var comparison = PatientComparer.Compare(Anna, Anna)!;

        Assert.Equal([DuplicateReason.SameName, DuplicateReason.SameDateOfBirth, DuplicateReason.SamePhoneNumber, DuplicateReason.SameIdentifier,
            DuplicateReason.SameAddress], comparison.Reasons);
        Assert.Equal(100, comparison.Score);
    }

    [Theory]
    [InlineData("ana", "schubert")]
    [InlineData("anna", "shubert")]
    [InlineData("anna", "schubret")]
    [InlineData("ana", "schuberd")]
    [InlineData("anna maria", "schubert")]
    [InlineData("a", "schubert")]
    public void Typing_errors_are_seen_through_even_after_a_move(string first, string last)
    {
        var comparison = PatientComparer.Compare(Anna, Moved() with { FirstName = first, LastName = last })!;

        Assert.Contains(DuplicateReason.SimilarName, comparison.Reasons);
    }

    [Fact]
    public void Swapped_names_are_seen_through()
    {
        var comparison = PatientComparer.Compare(Anna, Moved() with { FirstName = "schubert", LastName = "anna" })!;

        Assert.Equal([DuplicateReason.SwappedName, DuplicateReason.SameName, DuplicateReason.SameDateOfBirth], comparison.Reasons);
    }

    [Fact]
    public void A_new_last_name_needs_the_same_birth_date_and_phone_number() =>
        Assert.NotNull(PatientComparer.Compare(Anna, Anna with { LastName = "wagner", Address = "" }));

    [Theory]
    [InlineData(1984, 5, 18)]
    [InlineData(1948, 5, 17)]
    [InlineData(1994, 5, 17)]
    public void A_mistyped_birth_date_does_not_hide_the_same_name(int year, int month, int day) =>
        Assert.Contains(DuplicateReason.SimilarDateOfBirth, PatientComparer.Compare(Anna, Moved() with { DateOfBirth = new(year, month, day) })!.Reasons);

    [Fact]
    public void A_similar_birth_date_says_little_where_several_have_the_name()
    {
        var mistyped = Moved() with { DateOfBirth = new(1984, 5, 18) };

        Assert.Null(PatientComparer.Compare(Anna, mistyped, hasNamesakes: true));
        Assert.NotNull(PatientComparer.Compare(Anna, mistyped with { Phones = Anna.Phones }, hasNamesakes: true));
    }

    [Fact]
    public void A_missing_birth_date_says_nothing() =>
        Assert.NotNull(PatientComparer.Compare(Anna, Anna with { DateOfBirth = null, Address = "", Numbers = [] }));

    [Fact]
    public void Relatives_and_strangers_are_two_persons()
    {
        var anna = Anna with { Emails = ["family@people.example"] };
        var twin = anna with { FirstName = "sophie", Numbers = [] };
        var mother = anna with { DateOfBirth = new(1955, 11, 2), Numbers = [] };
        var stranger = Moved() with { FirstName = "petra", LastName = "wagner" };
        var namesake = Moved() with { DateOfBirth = new(1971, 9, 30) };

        Assert.All([twin, mother, stranger, namesake], other => Assert.Null(PatientComparer.Compare(anna, other)));
    }

    private static ComparedPatient Moved() => Anna with { Phones = ["9999999"], Address = "elsewhere 1", Numbers = [] };
}
