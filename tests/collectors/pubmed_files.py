"""Small PubMed files for tests, written for them."""

ABSTRACT = "<Abstract><AbstractText>It was tested.</AbstractText></Abstract>"


def citation(pmid: object, title: str = "Aspirin in migraine.", version: int = 1, more: str = "", **parts: str) -> str:
    """A citation; `parts` are the abstract, the publication types, and what follows the article."""
    kinds = parts.get("kinds", "Journal Article").split("|")
    shown = "".join(f"<PublicationType>{kind}</PublicationType>" for kind in kinds)
    return f"""<PubmedArticle><MedlineCitation Status="MEDLINE"><PMID Version="{version}">{pmid}</PMID><Article>
      <Journal><ISSN>1234-5678</ISSN><JournalIssue><Volume>7</Volume><PubDate><Year>2020</Year><Month>Mar</Month>
      </PubDate></JournalIssue><Title>Journal of Tests</Title></Journal><ArticleTitle>{title}</ArticleTitle>
      {parts.get("abstract", ABSTRACT)}<Language>{parts.get("language", "eng")}</Language>
      <PublicationTypeList>{shown}</PublicationTypeList>{parts.get("vernacular", "")}</Article>{more}</MedlineCitation>
      <PubmedData><ArticleIdList><ArticleId IdType="doi">10.1/X</ArticleId><ArticleId IdType="pmc">PMC9</ArticleId>
      </ArticleIdList><ReferenceList><Reference><Citation>Roe 1999</Citation><ArticleIdList>
      <ArticleId IdType="pubmed">77</ArticleId></ArticleIdList></Reference></ReferenceList></PubmedData>
      </PubmedArticle>"""


def citations(*parts: str) -> bytes:
    return f"<?xml version='1.0'?><PubmedArticleSet>{''.join(parts)}</PubmedArticleSet>".encode()


def deleted(*pmids: int) -> str:
    numbers = "".join(f"<PMID Version='1'>{pmid}</PMID>" for pmid in pmids)
    return f"<DeleteCitation>{numbers}</DeleteCitation>"
