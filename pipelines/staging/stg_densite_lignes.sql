-- Grain : une ligne par ligne lue de la grille communale de densité, avec son sort.
with
    lues as (select * from raw_densite),

    nettoyees as (
        select
            'densite' as source,
            fichier,
            ligne,
            commune_de(code_commune) as commune_code,
            texte(nom_commune) as commune,
            entier(densite) as densite,
            texte(libelle_densite) as libelle_densite,
            entier(population) as population,
            code_commune as valeur_lue
        from lues
    ),

    classees as (
        select *, row_number() over (partition by commune_code order by fichier desc, ligne) as rang
        from nettoyees
    ),

    final as (
        select
            *,
            case
                when commune_code is null or densite is null
                then 'rejetee'
                when rang > 1
                then 'fusionnee'
                else 'gardee'
            end as sort,
            case
                when commune_code is null or densite is null
                then 'densite_illisible'
                when rang > 1
                then 'commune_deux_lignes'
            end as anomalie,
            'code_commune' as anomalie_colonne,
            valeur_lue as anomalie_valeur
        from classees
    )

select *
from final
