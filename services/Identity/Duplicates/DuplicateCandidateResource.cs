using MedCor.Contracts.Identity;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;

namespace MedCor.Identity.Duplicates;

/// <summary>
/// Defines the list of pairs that may be duplicates. None is of a patient who was merged: the merge removes those, and so does each further comparison.
/// </summary>
internal sealed class DuplicateCandidateResource(IdentityDb db) : QueryableResource<CandidatePair, PairWithPatients, DuplicateCandidate>(db)
{
    private static readonly QueryableFields<CandidatePair> QueryFields = new QueryableFields<CandidatePair>("-score", p => p.Id)
    {
        { "score", p => p.Score },
    }
        .WithIndex("score");

    protected override QueryableFields<CandidatePair> Fields => QueryFields;
    protected override string EntityName => "pair of patients";
    protected override IQueryable<CandidatePair> Rows => db.CandidatePairs;

    protected override IQueryable<PairWithPatients> IncludeRelated(IQueryable<CandidatePair> rows) => rows
        .Join(db.Accounts, p => p.FirstId, a => a.Id, (pair, first) => new { pair, first })
        .Join(db.Accounts, p => p.pair.SecondId, a => a.Id, (p, second) => new PairWithPatients { Pair = p.pair, First = p.first, Second = second });

    protected override DuplicateCandidate ToContract(PairWithPatients row) => row.ToContract();
}
